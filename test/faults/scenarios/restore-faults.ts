import type { Scenario } from '../scenario.js';
import { backUp, restore, rowsAfter } from '../world/postgres-acts.js';
import type { Replica } from '../world/replica.js';
import type { World } from '../world/world.js';

/** A server that has been put back, and not been started to be read by an exporter yet. */
interface Lost {
  /** Where its log ended before. */
  readonly end: string;
}

/** Lets rows be written, counted, and then lost, by putting an older copy of the server in its place. */
async function loseRows(world: World, as: 'base backup' | 'disk', exporter: 'lives' | 'is killed'): Promise<Lost> {
  const { traffic } = world;
  await traffic.more(50);
  await traffic.stop();
  await world.quiet();
  const copy = await backUp(world);
  const [{ now } = { now: new Date() }] = await world.query<{ now: Date }>('SELECT clock_timestamp() AS now');
  traffic.start();
  await traffic.more(200);
  await traffic.stop();
  await world.quiet();
  world.ghosts.push(...(await rowsAfter(world, now)));
  if (exporter === 'is killed') await (world.replicas[0] as Replica).kill();
  const [{ end } = { end: '0/0' }] = await world.query<{ end: string }>('SELECT pg_current_wal_lsn()::text AS end');
  await restore(world.postgres, copy, as);
  return { end };
}

async function restored(world: World, as: 'base backup' | 'disk') {
  await loseRows(world, as, 'lives');
  const since = performance.now();
  world.traffic.start();
  return { recovery: await world.recovered(since), note: `${world.ghosts.length} rows were lost by PostgreSQL` };
}

/** The log grows past its former end before an exporter comes back, so that no position tells. */
async function outgrown(world: World) {
  const { traffic } = world;
  const { end } = await loseRows(world, 'disk', 'is killed');
  const isPast = async (): Promise<boolean> => {
    const [row] = await world.query<{ past: boolean }>('SELECT pg_current_wal_lsn() > $1::pg_lsn + 100000 AS past', [
      end,
    ]);
    return row?.past === true;
  };
  traffic.start();
  do await traffic.more(100);
  while (!(await isPast()));
  const since = performance.now();
  await (world.replicas[0] as Replica).start();
  return { recovery: await world.recovered(since), note: `${world.ghosts.length} rows were lost by PostgreSQL` };
}

/** PostgreSQL is put back to what it was. */
export const restoreFaults: readonly Scenario[] = [
  {
    name: 'restored-base-backup',
    fault:
      'PostgreSQL restored from an older base backup (a new timeline): the state has counted rows that no longer exist',
    form: 'full',
    needs: {},
    within: 20,
    seeds: [['timeline_changed'], ['state_ahead_of_server'], ['slot_absent']],
    run: async (world) => restored(world, 'base backup'),
  },
  {
    name: 'restored-disk',
    fault: "PostgreSQL's disk set back to an older snapshot, on the same timeline: the state is ahead of the server",
    form: 'full',
    needs: {},
    within: 20,
    seeds: ['state_ahead_of_server'],
    run: async (world) => restored(world, 'disk'),
  },
  {
    name: 'restored-disk-outgrown',
    fault:
      "PostgreSQL's disk set back to an older snapshot, on the same timeline, and more is written than was lost before the exporter comes back",
    form: 'full',
    needs: {},
    within: 20,
    seeds: ['state_ahead_of_server'],
    run: outgrown,
  },
];
