import { setTimeout as pause } from 'node:timers/promises';
import type { Scenario } from '../scenario.js';
import type { Links, Replica } from '../world/replica.js';
import type { World } from '../world/world.js';

const links = (world: World): Links => (world.replicas[0] as Replica).links;

/** A link that is slow, with traffic that it can just carry. */
function slow(which: keyof Links, shape: { latency?: number; bandwidth?: number }, words: string): Scenario {
  const kind = shape.latency === undefined ? 'narrow' : 'distant';
  return {
    name: `link-${which}-${kind}`,
    fault: `the link to ${which === 'postgres' ? 'PostgreSQL' : 'Redis'} has ${words}, from the middle of the stream on and for new connections`,
    form: 'full',
    needs: { rate: 20 },
    within: 20,
    run: async (world) => {
      await world.traffic.more(10);
      links(world)[which].shape(shape);
      await world.traffic.more(60);
      links(world)[which].cut();
      const since = performance.now();
      return { recovery: await world.recovered(since) };
    },
  };
}

/** A link on which nothing passes and nobody is told. */
function halfOpen(which: keyof Links, seconds: number): Scenario {
  return {
    name: `link-${which}-half-open`,
    fault: `nothing passes on the link to ${which === 'postgres' ? 'PostgreSQL' : 'Redis'} for ${seconds} s, and nobody is told`,
    form: 'full',
    needs: which === 'postgres' ? {} : { plugin: 'pgoutput' },
    within: 15,
    run: async (world) => {
      await world.traffic.more(50);
      links(world)[which].silence();
      await pause(seconds * 1_000);
      links(world)[which].heal();
      const since = performance.now();
      return { recovery: await world.recovered(since) };
    },
  };
}

/** Faults of the network between the exporter and its servers. */
export const linkFaults: readonly Scenario[] = [
  halfOpen('postgres', 12),
  halfOpen('redis', 5),
  slow('postgres', { latency: 200 }, 'a latency of 200 ms'),
  slow('redis', { latency: 200 }, 'a latency of 200 ms'),
  slow('postgres', { bandwidth: 100_000 }, 'a bandwidth of 100 kB/s'),
  slow('redis', { bandwidth: 100_000 }, 'a bandwidth of 100 kB/s'),
  {
    name: 'links-cut',
    fault: 'every connection to both servers reset, ten times',
    form: 'full',
    needs: { rate: 300, flavor: 'embedded-18' },
    within: 10,
    run: async (world) => {
      for (let count = 0; count < 10; count += 1) {
        await world.traffic.more(20);
        links(world).postgres.cut();
        links(world).redis.cut();
      }
      const since = performance.now();
      return { recovery: await world.recovered(since) };
    },
  },
];
