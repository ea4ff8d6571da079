import { setTimeout as pause } from 'node:timers/promises';
import { valkeyProgram } from '../../../scripts/setup/valkey.mjs';
import type { Happening, Scenario } from '../scenario.js';
import { askRedis } from '../world/ask-redis.js';
import { PATIENCE } from '../world/patience.js';
import { copyFiles, loseFiles, promoteReplica, restoreFiles, synced } from '../world/redis-acts.js';
import type { Replica } from '../world/replica.js';
import { SLOT, World } from '../world/world.js';

const first = (world: World): Replica => world.replicas[0] as Replica;

/** Redis comes back with what it had, or nearly. */
const restarts: readonly Scenario[] = [
  {
    name: 'redis-killed',
    fault: 'kill -9 of Redis (appendfsync everysec), started again after 1 s, twice',
    form: 'full',
    needs: { rate: 300 },
    within: 10,
    run: async (world) => {
      let since = 0;
      for (let count = 0; count < 2; count += 1) {
        await world.traffic.more(150);
        await world.redis.stop('SIGKILL');
        await pause(1_000);
        await world.redis.restart();
        since = performance.now();
        await world.recovered(since);
      }
      return { recovery: await world.recovered(since) };
    },
  },
  {
    name: 'redis-and-exporter-killed',
    fault: 'kill -9 of Redis and of the exporter at once',
    form: 'full',
    needs: { rate: 300 },
    within: 15,
    run: async (world) => {
      await world.traffic.more(300);
      await Promise.all([world.redis.stop('SIGKILL'), first(world).kill()]);
      await world.redis.restart();
      await first(world).launch();
      const since = performance.now();
      return { recovery: await world.recovered(since) };
    },
  },
  {
    name: 'redis-older-file',
    fault: 'Redis started again from an append-only file that is 3 s old, while the exporter runs',
    form: 'full',
    needs: {},
    within: 20,
    seeds: [['state_behind_slot'], []],
    run: async (world) => {
      await world.traffic.more(100);
      copyFiles(world.redis);
      await pause(3_000);
      await restoreFiles(world.redis);
      const since = performance.now();
      return { recovery: await world.recovered(since) };
    },
  },
  {
    name: 'redis-older-file-and-new-exporter',
    fault: 'Redis started again from an append-only file that is 3 s old, and the exporter with it',
    form: 'full',
    needs: { plugin: 'pgoutput' },
    within: 20,
    seeds: ['state_behind_slot'],
    run: async (world) => {
      await world.traffic.more(100);
      await pause(1_500);
      copyFiles(world.redis);
      await pause(3_000);
      await first(world).kill();
      await restoreFiles(world.redis);
      // Nobody is left who has seen the newer state.
      world.watch.forget();
      await first(world).launch();
      const since = performance.now();
      return { recovery: await world.recovered(since) };
    },
  },
  {
    name: 'redis-frozen',
    fault: 'SIGSTOP of Redis for 15 s: PostgreSQL is let go of within 10 s',
    form: 'full',
    needs: {},
    within: 15,
    run: async (world) => {
      await world.traffic.more(50);
      world.redis.signal('SIGSTOP');
      const began = performance.now();
      const active = async () =>
        (await world.query('SELECT FROM pg_replication_slots WHERE slot_name = $1 AND active', [SLOT])).length > 0;
      while ((await active()) && performance.now() - began < 15_000) await pause(50);
      const held = (performance.now() - began) / 1_000;
      await pause(Math.max(0, 15_000 - (performance.now() - began)));
      world.redis.signal('SIGCONT');
      const since = performance.now();
      if (held > world.limit(10)) throw new Error(`PostgreSQL was held for ${held.toFixed(1)} s`);
      return { recovery: await world.recovered(since), note: `the slot was let go of after ${held.toFixed(1)} s` };
    },
  },
];

/** Redis comes back without the state. */
const losses: readonly Scenario[] = [
  {
    name: 'redis-flushed',
    fault: 'FLUSHALL',
    form: 'short',
    needs: { replicas: 2 },
    within: 20,
    // The writer has all of it in memory, unless it lost its stream at the same moment.
    seeds: [[], ['first'], ['state_behind_slot'], ['slot_absent']],
    run: async (world) => {
      await world.traffic.more(50);
      await askRedis(world.redis, (client) => client.flushall());
      const since = performance.now();
      return { recovery: await world.recovered(since) };
    },
  },
  {
    name: 'redis-lost-its-disk',
    fault: 'Redis killed and started with nothing',
    form: 'full',
    needs: { plugin: 'pgoutput' },
    within: 20,
    // The writer has all of it in memory, unless it lost its stream at the same moment.
    seeds: [[], ['first'], ['state_behind_slot'], ['slot_absent']],
    run: async (world) => {
      await world.traffic.more(50);
      await loseFiles(world.redis);
      const since = performance.now();
      return { recovery: await world.recovered(since) };
    },
  },
  {
    name: 'redis-flushed-and-exporters-killed',
    fault: 'FLUSHALL, and kill -9 of every exporter: nobody is left who knows anything',
    form: 'full',
    needs: { replicas: 2 },
    within: 20,
    // One first seed before, one after: its counter began anew with all others.
    seeds: [],
    run: async (world) => {
      await world.traffic.more(50);
      await world.traffic.stop();
      for (const replica of world.replicas) await replica.kill();
      await askRedis(world.redis, (client) => client.flushall());
      return beginAnew(world);
    },
  },
  {
    name: 'redis-failover',
    fault: 'Redis fails over to a replica that has everything',
    form: 'full',
    needs: { redisReplica: true },
    within: 10,
    run: async (world) => failOver(world, 0),
  },
  {
    name: 'redis-failover-behind',
    fault: 'Redis fails over to a replica that stopped following 3 s before',
    form: 'full',
    needs: { redisReplica: true },
    within: 20,
    seeds: [['state_behind_slot'], []],
    run: async (world) => failOver(world, 3_000),
  },
];

/** Every exporter starts on a state that is lost; counters begin anew with the seed. */
export async function beginAnew(world: World): Promise<Happening> {
  world.watch.forget();
  await world.beforeFirstSeed();
  const since = performance.now();
  for (const replica of world.replicas) await replica.launch();
  for (const replica of world.replicas) await replica.process.awaitReady(PATIENCE);
  world.traffic.start();
  return { recovery: await world.recovered(since) };
}

async function failOver(world: World, behind: number) {
  const { redis: master, redisReplica: replica } = world;
  if (replica === undefined) throw new Error('this scenario needs a replica of Redis');
  await synced(master, replica);
  await world.traffic.more(100);
  if (behind > 0) await promoteReplica(replica);
  await pause(behind);
  if (behind === 0) {
    await world.traffic.stop();
    await world.quiet();
    await synced(master, replica);
  }
  await master.stop('SIGKILL');
  if (behind === 0) await promoteReplica(replica);
  world.traffic.start();
  world.moveRedis(replica);
  const since = performance.now();
  return { recovery: await world.recovered(since) };
}

/** More than one deployment on one Redis. */
const deployments: readonly Scenario[] = [
  {
    name: 'redis-shared-prefix-taken',
    fault: 'a second deployment (another server, another database) with the same REDIS_KEY_PREFIX',
    form: 'full',
    needs: { env: { REDIS_KEY_PREFIX: 'shared' } },
    within: 5,
    run: async (world) => {
      await using other = await World.open({ started: false });
      const said: string[] = [];
      for (const postgres of [other.postgres.url(other.database), await another(world)]) {
        const intruder = await world.addReplica({ DATABASE_URL: postgres, REPLICATION_SLOT: 'intruder' });
        const { logs } = await intruder.launch();
        said.push(await intruder.awaitLine(/the stored state belongs to/));
        if (!logs.some((line) => /REDIS_KEY_PREFIX/.test(line))) throw new Error('the remedy was not said');
        await world.traffic.more(30);
        if (/^litellm_(?!exporter_)/m.test(await intruder.text())) throw new Error('it showed the state of the first');
        await intruder.stop();
        world.replicas.splice(world.replicas.indexOf(intruder), 1);
      }
      const since = performance.now();
      return {
        recovery: await world.recovered(since),
        note: 'the second one was refused, with the remedy, and showed nothing of the first',
      };
    },
  },
  {
    name: 'redis-shared-other-prefix',
    fault: 'a second deployment on the same Redis with a REDIS_KEY_PREFIX of its own',
    form: 'full',
    needs: { env: { REDIS_KEY_PREFIX: 'one' } },
    within: 5,
    run: async (world) => {
      await using other = await World.open({ started: false, env: { REDIS_KEY_PREFIX: 'other' } });
      other.moveRedis(world.redis);
      await other.begin();
      await Promise.all([other.traffic.more(100), world.traffic.more(100)]);
      const { faults } = await other.judge();
      if (faults.length > 0) throw new Error(`the second deployment: ${faults.join('\n')}`);
      const since = performance.now();
      return { recovery: await world.recovered(since), note: 'both are right' };
    },
  },
];

/** A second database on the same server. */
async function another(world: World): Promise<string> {
  const database = await world.postgres.createDatabase();
  await world.copyTables(database);
  return world.postgres.url(database);
}

/** With WAITAOF nothing is confirmed to PostgreSQL that a crash of the store could take back: no new seed, ever. */
const onValkey = ['redis-killed', 'redis-and-exporter-killed', 'redis-frozen'].map((name): Scenario => {
  const scenario = restarts.find((candidate) => candidate.name === name) as Scenario;
  return {
    ...scenario,
    name: name.replace('redis', 'valkey'),
    fault: scenario.fault.replaceAll('Redis', 'Valkey, which knows WAITAOF,'),
    form: 'full',
    needs: { ...scenario.needs, redisFlavor: 'valkey' },
    obstacle: () => (valkeyProgram() === undefined ? 'needs Valkey, or Redis 7.2: set TEST_VALKEY_BIN' : undefined),
  };
});

/** Faults of Redis. */
export const redisFaults: readonly Scenario[] = [...restarts, ...onValkey, ...losses, ...deployments];
