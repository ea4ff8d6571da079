import { awaitUntil } from '../../support/await-until.js';
import type { Happening, Scenario } from '../scenario.js';
import { PATIENCE } from '../world/patience.js';
import type { Replica } from '../world/replica.js';
import { seriesOf } from '../world/self-metrics.js';
import type { World } from '../world/world.js';

const first = (world: World): Replica => world.replicas[0] as Replica;
const plugins = ['wal2json', 'pgoutput'] as const;
const POISON = 'poison-for-the-decoder';

/** Rows that were rejected for a reason since `before`. */
async function rejected(world: World, reason: RegExp, before: ReadonlyMap<string, number>): Promise<number> {
  let count = 0;
  for (const [labels, value] of await rejections(world)) {
    if (reason.test(labels)) count += value - (before.get(labels) ?? 0);
  }
  return count;
}

async function rejections(world: World): Promise<ReadonlyMap<string, number>> {
  return seriesOf(await first(world).text(), 'litellm_exporter_rows_rejected_total');
}

async function awaitRejections(
  world: World,
  [reason, wanted]: readonly [RegExp, number],
  before: ReadonlyMap<string, number>,
): Promise<void> {
  const enough = async () => (await rejected(world, reason, before)) >= wanted;
  await awaitUntil(enough, { timeout: PATIENCE, what: `${wanted} rows rejected for ${reason}` });
}

/** Copies rows of the table under new names and with other values, and takes them out again once they have been passed over. */
async function passingRows(world: World, values: Readonly<Record<string, string>>): Promise<() => Promise<unknown>> {
  await world.traffic.exclusively(() =>
    world.query(
      `INSERT INTO "LiteLLM_SpendLogs"
       SELECT (jsonb_populate_record(logs, jsonb_build_object('request_id', $2 || request_id) || $1::jsonb)).*
       FROM "LiteLLM_SpendLogs" AS logs WHERE request_id NOT LIKE $2 || '%' ORDER BY "startTime" DESC LIMIT 3`,
      [JSON.stringify(values), POISON],
    ),
  );
  return () =>
    world.traffic.exclusively(() =>
      world.query(`DELETE FROM "LiteLLM_SpendLogs" WHERE request_id LIKE $1 || '%'`, [POISON]),
    );
}

/** Spoils what the server says of one model: the JSON of its row, or the kind of its column. */
function spoil(plugin: (typeof plugins)[number]): (bytes: Buffer) => Buffer {
  const name = Buffer.from(POISON);
  const found = plugin === 'wal2json' ? Buffer.concat([Buffer.from('"'), name]) : Buffer.concat([lengthOf(name), name]);
  const wrong = Buffer.from(found);
  wrong[0] = plugin === 'wal2json' ? 0x01 : 0x78;
  return (bytes) => {
    for (let at = bytes.indexOf(found); at >= 0; at = bytes.indexOf(found, at + found.length)) {
      bytes.set(wrong, at);
    }
    return bytes;
  };
}

/** How pgoutput announces a text: `t` and its length. */
function lengthOf(text: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write('t');
  head.writeUInt32BE(text.length, 1);
  return head;
}

const poison = (plugin: (typeof plugins)[number]): Scenario => ({
  name: `row-poison-${plugin}`,
  fault: `rows whose messages can't be decoded (bytes changed on the way, ${plugin}), and kill -9 of the exporter behind them`,
  form: 'full',
  needs: { plugin },
  within: 10,
  run: async (world): Promise<Happening> => {
    const before = await rejections(world);
    await world.traffic.more(30);
    first(world).links.postgres.shape({ alter: spoil(plugin) });
    const takeOut = await passingRows(world, { model: POISON });
    await awaitRejections(world, [/undecodable|row/, 3], before);
    await first(world).awaitLine(/undecodable|can't be|could not/i);
    await takeOut();
    await first(world).kill();
    await first(world).launch();
    const since = performance.now();
    return { recovery: await world.recovered(since), note: '3 rows were passed over, counted, and named in the log' };
  },
});

const unplaceable = (plugin: (typeof plugins)[number]): Scenario => ({
  name: `row-without-time-${plugin}`,
  fault: `rows that start at 'infinity', which no window can hold (${plugin})`,
  form: 'full',
  needs: { plugin },
  within: 10,
  run: async (world): Promise<Happening> => {
    const before = await rejections(world);
    await world.traffic.more(30);
    const takeOut = await passingRows(world, { startTime: 'infinity' });
    await awaitRejections(world, [/time_unreadable/, 3], before);
    await takeOut();
    const since = performance.now();
    return { recovery: await world.recovered(since), note: '3 rows were passed over and counted' };
  },
});

const strange = (plugin: (typeof plugins)[number]): Scenario => ({
  name: `row-nan-${plugin}`,
  fault: `spends of NaN, ±Infinity, 1e15 and below 0, empty and misplaced values (${plugin}); the exporter killed among them`,
  form: 'full',
  needs: { plugin },
  within: 10,
  run: async (world): Promise<Happening> => {
    const before = await rejections(world);
    const { simulator, traffic } = world;
    await traffic.exclusively(() => simulator.step('strangeSpend'));
    await awaitRejections(world, [/spend_not_finite/, 3], before);
    await first(world).kill();
    for (const step of ['emptyValues', 'strangeSpend', 'manyTags', 'lateRows', 'inventedRows'] as const) {
      await traffic.exclusively(() => simulator.step(step));
      await traffic.more(10);
    }
    await first(world).launch();
    const since = performance.now();
    return { recovery: await world.recovered(since), note: 'counted with a spend of 0, and said' };
  },
});

/** Rows that are hard to read. */
export const rowFaults: readonly Scenario[] = plugins.flatMap((plugin) => [
  poison(plugin),
  unplaceable(plugin),
  strange(plugin),
]);
