import pg from 'pg';
import { awaitUntil } from '../../support/await-until.js';
import { PATIENCE } from './patience.js';
import type { World } from './world.js';

/** A connection of its own. */
export async function session(world: World): Promise<pg.Client> {
  const client = new pg.Client(world.postgres.url(world.database));
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** One row in a transaction that is left open: commits of two of them can be brought as close together as the server allows. */
export async function openRow(world: World): Promise<pg.Client> {
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

/** A transaction that has an id and is left open: a new slot waits for its end. */
export async function openTransaction(world: World): Promise<pg.Client> {
  const client = await session(world);
  await client.query('BEGIN; SELECT pg_current_xact_id()');
  return client;
}

/** Waits until the making of a slot waits for a transaction. */
export async function awaitSlotThatWaits(world: World): Promise<void> {
  const waiting = async () => {
    const rows = await world.query(
      `SELECT FROM pg_stat_activity WHERE backend_type = 'walsender' AND wait_event_type = 'Lock'`,
    );
    return rows.length > 0;
  };
  await awaitUntil(waiting, { timeout: PATIENCE, what: 'a slot that waits for a transaction' });
}
