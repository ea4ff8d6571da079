import type pg from 'pg';
import { Database } from '../../apps/simulator/src/database.js';
import { Random } from '../../apps/simulator/src/random.js';
import { createTablesStatements, type TableOptions } from '../../apps/simulator/src/schema/create-tables.js';

/** Which LiteLLM the tables are of, and where they stand. */
export type LitellmShape = Partial<TableOptions> & { readonly schema?: string };

/** Creates LiteLLM's tables: those of today, in schema public, not partitioned, unless asked otherwise. */
export async function createLitellmTables(sql: pg.Client, shape: LitellmShape = {}): Promise<void> {
  const options: TableOptions = {
    shape: 'current',
    columnOrder: 'migrated',
    timestamps: 'timestamp',
    partitioned: false,
    partitionDays: 3,
    ...shape,
  };
  const database = new Database(sql, shape.schema ?? 'public');
  const at = { random: new Random('tables'), now: Date.now() };
  for (const statement of createTablesStatements(database, options, at)) await sql.query(statement);
}

/** Rows to write. */
export interface SpendLogRows {
  readonly rows: number;
  /** startTime of the first one, in milliseconds since the Unix epoch. */
  readonly from: number;
  /** Milliseconds of startTime between two rows. */
  readonly step: number;
  readonly schema?: string;
  /** Start of the request ids. */
  readonly prefix?: string;
}

/** Inserts spend logs in one statement: models m0 to m4, spend 0.25 each, every tenth a failure. */
export async function insertSpendLogs(sql: pg.Client, rows: SpendLogRows): Promise<void> {
  const schema = rows.schema ?? 'public';
  await sql.query(`SET TimeZone = 'UTC'`);
  await sql.query(
    `INSERT INTO "${schema}"."LiteLLM_SpendLogs"
       (request_id, call_type, api_key, spend, total_tokens, prompt_tokens, completion_tokens, "startTime", "endTime",
        model, request_tags, metadata)
     SELECT $1 || i, 'acompletion', 'key' || i % 7, 0.25, 30, 10, 20, t, t + interval '2 s', 'm' || i % 5,
            '["a\\\\b", "tab\\there"]', '{}'
       FROM generate_series(0, $2::int - 1) i,
            LATERAL (SELECT to_timestamp(($3::float8 + i * $4::float8) / 1000) AT TIME ZONE 'UTC' AS t) x`,
    [rows.prefix ?? 'r', rows.rows, rows.from, rows.step],
  );
}
