import type { Clock } from '../clock.js';
import type { Database, Session } from '../database.js';
import type { Random } from '../random.js';
import type { World } from '../world/world.js';
import type { RowWriter } from './insert.js';
import type { DailyUse, Increment, SpendLedger } from './spend-ledger.js';

/** What a flush needs. */
export interface FlushContext {
  readonly database: Database;
  readonly writer: RowWriter;
  readonly world: World;
  readonly ledger: SpendLedger;
  readonly random: Random;
  readonly clock: Clock;
}

const DAILY_ROWS_A_STATEMENT = 500;

/**
 * Adds what has gathered to the spend of every active entity, one UPDATE each and one transaction a table, then to the
 * daily rollup. End users that have no row yet get one.
 *
 * @returns the number of entity rows touched
 */
export async function flushSpend(context: FlushContext): Promise<number> {
  const { database, ledger, writer } = context;
  const { increments, daily } = ledger.take();
  const tables = new Set(increments.map(({ table }) => table).filter((table) => writer.has(table)));
  let touched = 0;
  for (const table of tables) {
    const ofTable = increments.filter((increment) => increment.table === table);
    await database.transaction(async (session) => {
      for (const increment of ofTable) touched += await addSpend(context, session, increment);
    });
  }
  await addDaily(context, daily);
  return touched;
}

async function addSpend(context: FlushContext, session: Session, { table, key, spend }: Increment): Promise<number> {
  const { writer, world, clock } = context;
  const names = Object.keys(key);
  const values = Object.values(key);
  const target = writer.table(table);
  if (table === 'LiteLLM_EndUserTable') {
    const result = await session.query(
      `INSERT INTO ${target} AS existing (user_id, spend, blocked) VALUES ($1, $2, false)
       ON CONFLICT (user_id) DO UPDATE SET spend = existing.spend + excluded.spend`,
      [values[0], spend],
    );
    noteEndUser(world, values[0] as string, spend);
    return result.rowCount ?? 0;
  }
  const seen = table === 'LiteLLM_VerificationToken' && context.writer.has('LiteLLM_DeprecatedVerificationToken');
  const assignments = [
    'spend = spend + $1',
    ...(seen ? [`last_active = '${new Date(clock.now()).toISOString()}'`] : []),
  ];
  const where = names.map((name, index) => `"${name}" = $${index + 2}`).join(' AND ');
  const result = await session.query(`UPDATE ${target} SET ${assignments.join(', ')} WHERE ${where}`, [
    spend,
    ...values,
  ]);
  return result.rowCount ?? 0;
}

function noteEndUser(world: World, user_id: string, spend: number): void {
  const known = world.endUsers.find((row) => row.user_id === user_id);
  if (known === undefined) world.endUsers.push({ user_id, alias: null, spend, budget_id: null, blocked: false });
}

async function addDaily({ database, writer, random }: FlushContext, daily: readonly DailyUse[]): Promise<void> {
  if (!writer.has('LiteLLM_DailyUserSpend')) return;
  for (let from = 0; from < daily.length; from += DAILY_ROWS_A_STATEMENT) {
    const rows = daily.slice(from, from + DAILY_ROWS_A_STATEMENT);
    const columns = (name: keyof DailyUse): unknown[] => rows.map((row) => row[name]);
    await database.query(
      `INSERT INTO ${writer.table('LiteLLM_DailyUserSpend')} AS existing
         (id, user_id, date, api_key, model, model_group, custom_llm_provider, mcp_namespaced_tool_name, endpoint, spend, api_requests, updated_at)
       SELECT id, u, d, k, m, '', p, '', '', s, n, now()
       FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::float8[], $8::bigint[])
         AS day (id, u, d, k, m, p, s, n)
       ON CONFLICT (user_id, date, api_key, model, custom_llm_provider, mcp_namespaced_tool_name, endpoint) DO UPDATE
       SET spend = existing.spend + excluded.spend, api_requests = existing.api_requests + excluded.api_requests,
           updated_at = excluded.updated_at`,
      [
        rows.map(() => random.uuid()),
        columns('user_id'),
        columns('date'),
        columns('api_key'),
        columns('model'),
        columns('custom_llm_provider'),
        columns('spend'),
        columns('requests'),
      ],
    );
  }
}
