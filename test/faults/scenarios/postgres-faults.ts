import { setTimeout as pause } from 'node:timers/promises';
import type { Scenario } from '../scenario.js';
import { askPostgres } from '../world/ask-postgres.js';
import { PATIENCE } from '../world/patience.js';
import { caughtUp, dropSlot, rowsAfter, slotIsSynced, terminate } from '../world/postgres-acts.js';
import type { Replica } from '../world/replica.js';
import { SLOT, type World } from '../world/world.js';

const first = (world: World): Replica => world.replicas[0] as Replica;

/** Makes so much WAL that a server of `max_slot_wal_keep_size` = 1MB gives slots up that stand still. */
async function outrun(world: World): Promise<void> {
  for (let count = 0; count < 3; count += 1) {
    await world.query(`SELECT pg_logical_emit_message(false, 'noise', repeat('x', 1000000))`);
    await world.query('SELECT pg_switch_wal()');
  }
  await world.query('CHECKPOINT');
}

/** Faults of PostgreSQL that leave the slot as it was. */
const passing: readonly Scenario[] = [
  {
    name: 'postgres-crash',
    fault: 'PostgreSQL stopped with `immediate` (a crash) and started again, twice',
    form: 'short',
    needs: { rate: 300 },
    within: 10,
    run: async (world) => {
      let since = 0;
      for (let count = 0; count < 2; count += 1) {
        await world.traffic.more(100);
        await world.postgres.stop('immediate');
        await pause(300);
        await world.postgres.start();
        since = performance.now();
        await world.recovered(since);
      }
      return { recovery: await world.recovered(since) };
    },
  },
  {
    name: 'postgres-crash-after-confirm',
    fault: 'PostgreSQL crashes right after a confirmation that its slot has not saved: what was confirmed comes again',
    form: 'full',
    needs: { plugin: 'pgoutput', env: { METRICS_UPDATE_INTERVAL: '1' } },
    within: 10,
    run: async (world) => {
      // Positions of slots are saved at checkpoints alone.
      await world.query('CHECKPOINT');
      await world.traffic.more(200);
      await pause(2_000);
      await world.postgres.stop('immediate');
      await world.postgres.start();
      const since = performance.now();
      return { recovery: await world.recovered(since) };
    },
  },
  {
    name: 'backend-terminated-walsender',
    fault: 'the walsender terminated by pg_terminate_backend, five times',
    form: 'full',
    needs: { rate: 300 },
    within: 8,
    run: async (world) => {
      for (let count = 0; count < 5; count += 1) {
        await world.traffic.more(40);
        await terminate(world, 'walsender');
      }
      const since = performance.now();
      return { recovery: await world.recovered(since) };
    },
  },
  {
    name: 'backend-terminated-control',
    fault: "the exporter's ordinary connection terminated by pg_terminate_backend, three times",
    form: 'full',
    needs: { plugin: 'pgoutput' },
    within: 8,
    run: async (world) => {
      for (let count = 0; count < 3; count += 1) {
        await world.traffic.more(40);
        await terminate(world, 'client backend');
      }
      const since = performance.now();
      return { recovery: await world.recovered(since) };
    },
  },
  {
    name: 'backend-terminated-in-seed',
    fault: 'every connection of the exporter terminated by pg_terminate_backend in the middle of a new seed',
    form: 'full',
    needs: {},
    within: 20,
    seeds: ['slot_absent'],
    run: async (world) => {
      await world.traffic.more(30);
      await first(world).kill();
      await dropSlot(world);
      const held = await first(world).launch({ name: 'slice-read', pass: 1, action: 'stop' });
      await held.awaitLog(/failpoint/, PATIENCE);
      await terminate(world, 'client backend');
      await terminate(world, 'walsender');
      held.signal('SIGCONT');
      const since = performance.now();
      return { recovery: await world.recovered(since) };
    },
  },
];

/** Faults after which the stream would have a gap. */
const gaps: readonly Scenario[] = [
  {
    name: 'slot-dropped',
    fault: 'the slot dropped by somebody else',
    form: 'full',
    needs: {},
    within: 15,
    seeds: ['slot_absent'],
    run: async (world) => {
      await world.traffic.more(50);
      await dropSlot(world);
      const since = performance.now();
      return { recovery: await world.recovered(since) };
    },
  },
  {
    name: 'slot-dropped-and-made-again',
    fault: 'the slot dropped and made again by somebody else, so that rows in between are in no slot',
    form: 'short',
    needs: { plugin: 'pgoutput' },
    within: 15,
    seeds: [['state_behind_slot'], ['slot_absent']],
    run: async (world) => {
      await world.traffic.more(50);
      await first(world).kill();
      await dropSlot(world);
      await world.traffic.more(50);
      await world.traffic.exclusively(() =>
        world.query('SELECT pg_create_logical_replication_slot($1, $2)', [SLOT, world.plugin]),
      );
      await world.traffic.more(20);
      const since = performance.now();
      await first(world).start();
      return { recovery: await world.recovered(since) };
    },
  },
  {
    name: 'slot-invalidated',
    fault: 'the slot invalidated by max_slot_wal_keep_size = 1MB while the exporter is cut off',
    form: 'full',
    needs: { postgres: { max_slot_wal_keep_size: '1MB', max_wal_size: '32MB', min_wal_size: '32MB' } },
    within: 20,
    seeds: ['slot_lost'],
    run: async (world) => {
      await world.traffic.more(50);
      first(world).links.postgres.silence();
      await outrun(world);
      await world.traffic.more(100);
      const lost = async () => {
        const [slot] = await world.query<{ wal_status: string }>('SELECT wal_status FROM pg_replication_slots');
        return slot?.wal_status === 'lost';
      };
      for (let count = 0; count < 20 && !(await lost()); count += 1) await outrun(world);
      const since = performance.now();
      first(world).links.postgres.heal();
      return { recovery: await world.recovered(since) };
    },
  },
];

const promotions: readonly Scenario[] = [
  {
    name: 'promotion-without-slot',
    fault: 'PostgreSQL 15 fails over to a standby that has no slot, with everything replicated',
    form: 'full',
    needs: { standby: {} },
    within: 20,
    seeds: ['slot_absent'],
    run: async (world) => promote(world, { behind: false }),
  },
  {
    name: 'promotion-behind',
    fault: 'PostgreSQL 15 fails over to a standby that lacks the last rows, which the state has counted',
    form: 'full',
    needs: { standby: {}, plugin: 'pgoutput' },
    within: 20,
    seeds: ['timeline_changed'],
    run: async (world) => promote(world, { behind: true }),
  },
  {
    name: 'promotion-with-synced-slot',
    fault: 'PostgreSQL 18 crashes under load and fails over to a standby that has our slot (REPLICATION_FAILOVER)',
    form: 'full',
    needs: {
      flavor: 'embedded-18',
      postgres: { synchronized_standby_slots: 'standby' },
      standby: { sync_replication_slots: 'on', primary_slot_name: 'standby', synchronized_standby_slots: '' },
      env: { REPLICATION_FAILOVER: 'true' },
    },
    within: 20,
    run: async (world) => {
      const { standby } = world;
      if (standby === undefined) throw new Error('this scenario needs a standby');
      await world.traffic.more(50);
      await slotIsSynced(standby);
      await world.traffic.more(100);
      await world.postgres.stop('immediate');
      const since = performance.now();
      await askPostgres(standby, 'SELECT pg_promote()');
      world.movePostgres(standby);
      return { recovery: await world.recovered(since) };
    },
  },
];

/** Kills the primary and promotes the standby, which has everything, or lacks what was written last. */
async function promote(world: World, { behind }: { readonly behind: boolean }) {
  const { traffic, standby, postgres: primary } = world;
  if (standby === undefined) throw new Error('this scenario needs a standby');
  await traffic.more(50);
  await traffic.stop();
  await world.quiet();
  await caughtUp(world, primary);
  if (behind) await loseRows(world);
  await primary.stop('immediate');
  const since = performance.now();
  await askPostgres(standby, 'SELECT pg_promote()');
  world.movePostgres(standby);
  traffic.start();
  return {
    recovery: await world.recovered(since),
    note: behind ? `${world.ghosts.length} rows were lost by PostgreSQL` : '',
  };
}

/** Rows that the exporter sees and the standby doesn't. */
async function loseRows(world: World): Promise<void> {
  const [{ now } = { now: new Date() }] = await world.query<{ now: Date }>('SELECT clock_timestamp() AS now');
  await world.cutOffStandby();
  world.traffic.start();
  await world.traffic.more(100);
  await world.traffic.stop();
  await world.quiet();
  world.ghosts.push(...(await rowsAfter(world, now)));
}

/** Faults of PostgreSQL. */
export const postgresFaults: readonly Scenario[] = [...passing, ...gaps, ...promotions];
