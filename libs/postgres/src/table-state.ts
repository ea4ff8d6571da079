import { ENTITY_TABLES, relationOf, TABLE_NAMES, type TableName } from '@app/litellm';
import type { Connection } from './connection.js';

/** What the catalogue says of one of LiteLLM's tables. */
export interface TableState {
  readonly oid: number;
  /** Partitioned: its rows are in leaves. */
  readonly partitioned: boolean;
  /** `relreplident`: default, nothing, full, index. */
  readonly identity: 'd' | 'n' | 'f' | 'i';
  readonly owner: string;
  /** Our role is the owner, or a member of it. */
  readonly owned: boolean;
  readonly columns: readonly string[];
  /** Their `attnum`s, in the same order: a column that was dropped and added again has another one. */
  readonly numbers: readonly number[];
  /** Columns that our role may SELECT. */
  readonly readable: readonly string[];
  /** Columns by which UPDATE and DELETE name a row; empty where nothing does. Every column under FULL. */
  readonly identityColumns: readonly string[];
  /** First columns of its valid indexes. */
  readonly indexed: readonly string[];
}

/** The tables of LiteLLM that the schema has, by our names. */
export type TableStates = ReadonlyMap<TableName, TableState>;

const STATES = `
  SELECT c.relname AS relation, c.oid::int8::text AS oid, c.relkind = 'p' AS partitioned,
         c.relreplident::text AS identity, pg_get_userbyid(c.relowner)::text AS owner,
         pg_has_role(c.relowner, 'USAGE') AS owned,
         a.columns, a.numbers, a.readable,
         CASE c.relreplident WHEN 'f' THEN a.columns ELSE coalesce(i.identity_columns, '{}') END AS identity_columns,
         coalesce(i.indexed, '{}') AS indexed
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    CROSS JOIN LATERAL (
      SELECT array_agg(attname::text ORDER BY attnum) AS columns, array_agg(attnum::int ORDER BY attnum) AS numbers,
             coalesce(array_agg(attname::text) FILTER (WHERE has_column_privilege(c.oid, attnum, 'SELECT')), '{}')
               AS readable
        FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) a
    LEFT JOIN LATERAL (
      SELECT array_agg(t.attname::text ORDER BY k.place) FILTER (WHERE k.place <= x.indnkeyatts AND
               CASE c.relreplident WHEN 'i' THEN x.indisreplident ELSE x.indisprimary AND c.relreplident = 'd' END)
               AS identity_columns,
             array_agg(DISTINCT t.attname::text) FILTER (WHERE k.place = 1) AS indexed
        FROM pg_index x
        CROSS JOIN LATERAL unnest(x.indkey::int2[]) WITH ORDINALITY AS k(attnum, place)
        JOIN pg_attribute t ON t.attrelid = x.indrelid AND t.attnum = k.attnum
       WHERE x.indrelid = c.oid AND x.indisvalid AND x.indpred IS NULL) i ON true
   WHERE n.nspname = $1 AND c.relname = ANY($2) AND c.relkind IN ('r', 'p')`;

interface StateRow {
  relation: string;
  oid: string;
  partitioned: boolean;
  identity: TableState['identity'];
  owner: string;
  owned: boolean;
  columns: string[] | null;
  numbers: number[] | null;
  readable: string[];
  identity_columns: string[];
  indexed: string[];
}

/** Reads what the catalogue says of the tables that LiteLLM may have. */
export async function readTableStates(control: Connection, schema: string): Promise<TableStates> {
  const rows = await control.query<StateRow & { [column: string]: unknown }>(STATES, [
    schema,
    TABLE_NAMES.map(relationOf),
  ]);
  const byRelation = new Map(rows.map((row) => [row.relation, row]));
  const states = new Map<TableName, TableState>();
  for (const table of TABLE_NAMES) {
    const row = byRelation.get(relationOf(table));
    if (row !== undefined) states.set(table, stateOf(row));
  }
  return states;
}

/** Which tables are there, the form that facts and metric labels take. */
export function presence(tables: ReadonlyMap<TableName, unknown>): Record<TableName, boolean> {
  const present: Record<string, boolean> = { spend_logs: tables.has('spend_logs') };
  for (const table of ENTITY_TABLES) present[table] = tables.has(table);
  return present as Record<TableName, boolean>;
}

function stateOf(row: StateRow): TableState {
  return {
    oid: Number(row.oid),
    partitioned: row.partitioned,
    identity: row.identity,
    owner: row.owner,
    owned: row.owned,
    columns: row.columns ?? [],
    numbers: row.numbers ?? [],
    readable: row.readable,
    identityColumns: row.identity_columns,
    indexed: row.indexed,
  };
}
