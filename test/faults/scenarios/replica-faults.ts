import { setTimeout as pause } from 'node:timers/promises';
import { awaitUntil } from '../../support/await-until.js';
import type { Happening, Scenario } from '../scenario.js';
import { PATIENCE } from '../world/patience.js';
import type { Replica } from '../world/replica.js';
import { figureOf } from '../world/self-metrics.js';
import type { World } from '../world/world.js';

/** Waits until another exporter than `old` has a stream, and resolves with the seconds since `since`. */
async function takenOver(world: World, old: Replica, since: number): Promise<number> {
  const others = world.replicas.filter((replica) => replica !== old);
  const streams = async (): Promise<boolean> =>
    (await Promise.all(others.map((replica) => replica.streams()))).some(Boolean);
  await awaitUntil(streams, { timeout: PATIENCE, interval: 10, what: 'another exporter with a stream' });
  return (performance.now() - since) / 1_000;
}

/** Takes the leader away, and sees how long it takes until another one streams. */
async function replaced(
  world: World,
  limit: number,
  takeAway: (leader: Replica) => Promise<unknown>,
): Promise<Happening> {
  await world.traffic.more(100);
  const leader = await world.leader();
  const since = performance.now();
  const gone = takeAway(leader);
  const taken = await takenOver(world, leader, since);
  const recovery = await world.recovered(since);
  await gone;
  const most = world.limit(limit);
  if (taken > most) throw new Error(`another exporter streamed after ${taken.toFixed(1)} s, not ${most.toFixed(1)} s`);
  return { recovery, note: `another exporter streamed after ${taken.toFixed(2)} s` };
}

const fenced = async (replica: Replica): Promise<number> =>
  figureOf(await replica.text(), 'litellm_exporter_fenced_total') ?? 0;

/** Faults of one exporter among three. */
export const replicaFaults: readonly Scenario[] = [
  {
    name: 'leader-killed',
    fault: 'kill -9 of the leader of three exporters',
    form: 'short',
    needs: { replicas: 3, rate: 300 },
    within: 5,
    run: async (world) => {
      const happening = await replaced(world, 3, (leader) => leader.kill());
      await (world.replicas.find(({ running }) => !running) as Replica).start();
      return happening;
    },
  },
  {
    name: 'leader-stopped',
    fault: 'SIGTERM to the leader of three exporters',
    form: 'full',
    needs: { replicas: 3, rate: 300, plugin: 'pgoutput' },
    within: 5,
    run: (world) => replaced(world, 1, (leader) => leader.stop()),
  },
  {
    name: 'leader-cut-off-from-postgres',
    fault: 'nothing passes any more between the leader of three exporters and PostgreSQL, and nobody is told',
    form: 'full',
    needs: { replicas: 3 },
    within: 12,
    run: (world) =>
      replaced(world, 10, async (leader) => {
        leader.links.postgres.silence();
        const stopped = async () => figureOf(await leader.text(), 'litellm_exporter_leader') === 0;
        await awaitUntil(stopped, { timeout: PATIENCE, what: 'the one that was cut off to know it' });
        leader.links.postgres.heal();
      }),
  },
  {
    name: 'leader-cut-off-from-redis',
    fault: 'nothing passes any more between the leader of three exporters and Redis, and nobody is told',
    form: 'full',
    needs: { replicas: 3, plugin: 'pgoutput' },
    within: 12,
    run: (world) =>
      replaced(world, 10, async (leader) => {
        leader.links.redis.silence();
        await pause(20_000);
        leader.links.redis.heal();
      }),
  },
  {
    name: 'leader-paused',
    fault: 'SIGSTOP of the leader of three exporters for 12 s, longer than wal_sender_timeout, then SIGCONT',
    form: 'full',
    needs: { replicas: 3, rate: 300 },
    within: 12,
    run: async (world) => {
      const happening = await replaced(world, 10, async (leader) => {
        leader.process.signal('SIGSTOP');
        await pause(12_000);
        leader.process.signal('SIGCONT');
      });
      await pause(2_000);
      return { ...happening, note: `${happening.note}; the old one came back as a follower` };
    },
  },
  {
    name: 'leader-paused-90-s',
    fault: 'SIGSTOP of the leader of three exporters for 90 s, then SIGCONT',
    form: 'long',
    needs: { replicas: 3, rate: 300, plugin: 'pgoutput' },
    within: 12,
    run: async (world) =>
      replaced(world, 10, async (leader) => {
        leader.process.signal('SIGSTOP');
        await pause(90_000);
        leader.process.signal('SIGCONT');
        await pause(2_000);
      }),
  },
  {
    name: 'rolling-restart',
    fault: 'a rolling update: each of three exporters gets SIGTERM and is replaced, the next when it is ready',
    form: 'full',
    needs: { replicas: 3, rate: 300 },
    within: 5,
    run: async (world) => {
      for (const replica of world.replicas) {
        await world.traffic.more(60);
        await replica.stop();
        await replica.start();
      }
      const since = performance.now();
      return { recovery: await world.recovered(since) };
    },
  },
  {
    name: 'leader-paused-before-store',
    fault: 'SIGSTOP of the leader right before it stores a step; SIGCONT when another one has taken over',
    form: 'short',
    needs: { replicas: 2, rate: 300, failpoint: { name: 'before-store', pass: 60, action: 'stop' } },
    within: 15,
    run: async (world) => {
      const [leader] = world.replicas as [Replica];
      await leader.awaitLine(/failpoint: before-store/, { timeout: PATIENCE });
      const since = performance.now();
      const taken = await takenOver(world, leader, since);
      const recovery = await world.recovered(since);
      await world.traffic.more(100);
      leader.process.signal('SIGCONT');
      await awaitUntil(async () => (await fenced(leader)) > 0, {
        timeout: PATIENCE,
        what: 'the old leader to be fenced',
      });
      return {
        recovery,
        note: `another exporter streamed after ${taken.toFixed(2)} s; the step of the old one was refused (fenced)`,
      };
    },
  },
];
