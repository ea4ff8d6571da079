import type { Plugin } from '@app/change';
import { INSERTED_SPEND_LOGS, relationOf } from '@app/litellm';
import type { Connection } from './connection.js';
import type { PublicationPlan } from './publication-statements.js';
import type { StreamSource } from './stream/index.js';
import type { UsableTables } from './table-check.js';

/** What decides which changes are asked for. */
export interface SourcePlace {
  readonly plugin: Plugin;
  readonly schema: string;
  readonly tables: UsableTables;
  readonly publications: readonly PublicationPlan[];
}

/** What the slot's plugin is to be asked for; partitions and the schema's other tables are looked up now. */
export async function streamSource(control: Connection, place: SourcePlace): Promise<StreamSource> {
  if (place.plugin === 'pgoutput') {
    return { plugin: 'pgoutput', publications: place.publications.map((plan) => plan.name) };
  }
  const tables = [...place.tables.keys()].map(relationOf);
  const columns = { [relationOf('spend_logs')]: INSERTED_SPEND_LOGS };
  const wanted = { schema: place.schema, tables, columns };
  const partitioned = [...place.tables].filter(([, table]) => table.state.partitioned);
  if (partitioned.length === 0) return { plugin: 'wal2json', wanted };
  const partitions: Record<string, readonly string[]> = {};
  for (const [table, { state }] of partitioned) {
    partitions[relationOf(table)] = await leavesOf(control, state.oid, place.schema);
  }
  return { plugin: 'wal2json', wanted: { ...wanted, partitions }, others: await tablesOf(control, place.schema) };
}

async function leavesOf(control: Connection, oid: number, schema: string): Promise<string[]> {
  const rows = await control.query<{ name: string }>(
    `SELECT c.relname::text AS name FROM pg_partition_tree($1::oid::regclass) t
       JOIN pg_class c ON c.oid = t.relid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE t.isleaf AND n.nspname = $2 ORDER BY 1`,
    [oid, schema],
  );
  return rows.map((row) => row.name);
}

async function tablesOf(control: Connection, schema: string): Promise<string[]> {
  const rows = await control.query<{ name: string }>(
    `SELECT c.relname::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relkind = 'r' ORDER BY 1`,
    [schema],
  );
  return rows.map((row) => row.name);
}
