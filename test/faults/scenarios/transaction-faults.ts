import pg from 'pg';
import { awaitUntil } from '../../support/await-until.js';
import type { Scenario } from '../scenario.js';
import { dropSlot, terminate } from '../world/postgres-acts.js';
import type { Replica } from '../world/replica.js';
import type { World } from '../world/world.js';

const first = (world: World): Replica => world.replicas[0] as Replica;

async function session(world: World): Promise<pg.Client> {
  const client = new pg.Client(world.postgres.url(world.database));
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** One row in a transaction that is left open: commits of two of them can be brought as close together as the server allows. */
async function openRow(world: World): Promise<pg.Client> {
  const client = await session(world);
  const [row] = world.traffic.fresh(1);
  if (row === undefined) throw new RangeError('one row was asked for');
  await client.query('BEGIN');
  await client.query(
    `INSERT INTO "LiteLLM_SpendLogs" (request_id, call_type, api_key, spend, total_tokens, prompt_tokens, completion_tokens,
       "startTime", "endTime", model, status, request_tags, metadata)
     VALUES ($1, $2, $3, $4, $5, $6, $7, to_timestamp($8 / 1000.0) AT TIME ZONE 'UTC', to_timestamp($9 / 1000.0) AT TIME ZONE 'UTC', $10, 'success', '[]', '{}')`,
    [
      ...[row.request_id, row.call_type, row.api_key, row.spend, row.total_tokens, row.prompt_tokens],
      ...[row.completion_tokens, row.startTime, row.endTime, row.model],
    ],
  );
  return client;
}

const large = (rows: number, form: 'full' | 'long'): Scenario => ({
  name: `transaction-${rows}`,
  fault: `a transaction of ${rows.toLocaleString('en')} rows, and kill -9 of the exporter in the middle of it`,
  form,
  needs: { failpoint: { name: 'row-decoded', pass: Math.round(rows * 0.6), action: 'kill' }, rate: 20 },
  within: form === 'long' ? 600 : 150,
  run: async (world) => {
    await world.traffic.writeMany(rows);
    await first(world).process.ended;
    const since = performance.now();
    await first(world).start();
    return { recovery: await world.recovered(since, 600_000) };
  },
});

/** Transactions that are hard by themselves. */
export const transactionFaults: readonly Scenario[] = [
  {
    name: 'commits-adjacent',
    fault: 'commits that lie next to each other in the WAL, with the walsender terminated between them',
    form: 'full',
    needs: { rate: 20 },
    within: 10,
    run: async (world) => {
      for (let count = 0; count < 40; count += 1) {
        const pair = [await openRow(world), await openRow(world)];
        await world.traffic.exclusively(() => Promise.all(pair.map((client) => client.query('COMMIT'))));
        for (const client of pair) await client.end();
        if (count % 8 === 7) await terminate(world, 'walsender');
      }
      const since = performance.now();
      return { recovery: await world.recovered(since) };
    },
  },
  {
    name: 'commit-at-consistent-point',
    fault: "a commit exactly at the new slot's consistent point, which the snapshot of the seed doesn't see",
    form: 'full',
    needs: { rate: 20 },
    within: 20,
    seeds: ['slot_absent'],
    run: async (world) => {
      await world.traffic.more(10);
      await first(world).kill();
      await world.traffic.stop();
      await dropSlot(world);
      const [one, two] = [await session(world), await session(world)];
      await one.query('BEGIN; SELECT pg_current_xact_id()');
      const doomed = await first(world).launch();
      const waiting = async () => {
        const rows = await world.query(
          `SELECT 1 FROM pg_stat_activity WHERE backend_type = 'walsender' AND wait_event_type = 'Lock'`,
        );
        return rows.length > 0;
      };
      await awaitUntil(waiting, { timeout: 30_000, what: 'a slot that waits for a transaction' });
      await two.query('BEGIN; SELECT pg_current_xact_id()');
      await one.query('COMMIT');
      await awaitUntil(waiting, { timeout: 30_000, what: 'a slot that waits for the second transaction' });
      const row = await openRow(world);
      // The slot is ready at the end of WAL that it finds when the second one ends; the row's commit is the very next record.
      await two.query('COMMIT');
      await row.query('COMMIT');
      const since = performance.now();
      await doomed.awaitReady(60_000);
      world.traffic.start();
      const recovery = await world.recovered(since);
      await Promise.all([one.end(), two.end(), row.end()]);
      return { recovery };
    },
  },
  large(300_000, 'full'),
  large(2_000_000, 'long'),
  {
    name: 'row-50-mb',
    fault: 'a row of 50 MB in the middle of the traffic',
    form: 'long',
    needs: { rate: 20 },
    within: 120,
    run: async (world) => {
      const content = Array.from({ length: 50 }, (_, index) => String(index % 10).repeat(1 << 20));
      await world.traffic.write(1, { messages: [{ role: 'user', content: content.join('') }] });
      const since = performance.now();
      return { recovery: await world.recovered(since) };
    },
  },
];
