import type { Redis } from 'ioredis';
import { awaitUntil } from '../../support/await-until.js';
import type { Scenario } from '../scenario.js';
import { askRedis } from '../world/ask-redis.js';
import { PATIENCE } from '../world/patience.js';
import type { Replica } from '../world/replica.js';
import type { World } from '../world/world.js';
import { beginAnew } from './redis-faults.js';

const first = (world: World): Replica => world.replicas[0] as Replica;

const keys = async (client: Redis, pattern: RegExp): Promise<string[]> =>
  (await client.keys('*')).filter((key) => pattern.test(key));

async function evictParts(client: Redis): Promise<void> {
  const parts = await keys(client, /:(p|d|e|counters|histograms)(:|$)/);
  if (parts.length < 4) throw new Error(`there are ${parts.length} parts of a base`);
  await client.del(...parts.filter((_, index) => index % 2 === 0));
}

/** Does something to the keys of the state under their writer, which has it in memory. */
function spoilt(
  [name, fault]: readonly [string, string],
  spoil: (client: Redis) => Promise<unknown>,
  more: Partial<Scenario> = {},
): Scenario {
  return {
    name: `redis-${name}`,
    fault,
    form: 'full',
    needs: { replicas: 2 },
    within: 30,
    seeds: [[], ['first'], ['state_behind_slot'], ['slot_absent']],
    run: async (world) => {
      await world.traffic.more(60);
      await askRedis(world.redis, spoil);
      const since = performance.now();
      return { recovery: await world.recovered(since) };
    },
    ...more,
  };
}

/** What may happen to the state inside a Redis that goes on. */
export const redisStateFaults: readonly Scenario[] = [
  spoilt(['scripts-flushed', 'SCRIPT FLUSH'], (client) => client.script('FLUSH'), { seeds: [] }),
  spoilt(['meta-evicted', 'the key that says what is current is evicted'], async (client) =>
    client.del(...(await keys(client, /:meta$/))),
  ),
  spoilt(['log-evicted', 'the log of steps is evicted'], async (client) =>
    client.del(...(await keys(client, /:log$/))),
  ),
  spoilt(
    ['wrong-type', 'a foreign hand writes a string where the log of steps was'],
    async (client) => {
      const [log] = await keys(client, /:log$/);
      if (log === undefined) throw new Error('there is no log');
      await client.set(log, 'not ours');
    },
    { seeds: [] },
  ),
  {
    name: 'redis-parts-evicted',
    fault: 'half of the keys of the stored state are evicted, and every exporter starts anew',
    form: 'full',
    needs: { replicas: 2 },
    within: 30,
    // One first seed before, one after: its counter began anew with all others.
    seeds: [],
    run: async (world) => {
      await world.traffic.more(60);
      await world.traffic.stop();
      for (const replica of world.replicas) await replica.kill();
      await askRedis(world.redis, evictParts);
      return beginAnew(world);
    },
  },
  {
    name: 'redis-memory-full',
    fault: 'Redis has reached maxmemory (noeviction) for 14 s',
    form: 'full',
    needs: {},
    within: 15,
    run: async (world) => {
      await world.traffic.more(60);
      const lines = first(world).process.logs.length;
      await askRedis(world.redis, (client) => client.config('SET', 'maxmemory', '1'));
      await first(world).awaitLine(/maxmemory|OOM|out of memory|full/i, { after: lines });
      const began = performance.now();
      await world.traffic.more(60);
      await awaitUntil(() => performance.now() - began > 14_000, { timeout: PATIENCE, what: '14 s' });
      await askRedis(world.redis, (client) => client.config('SET', 'maxmemory', '0'));
      const since = performance.now();
      return { recovery: await world.recovered(since), note: 'said in the log; nothing was skipped' };
    },
  },
];
