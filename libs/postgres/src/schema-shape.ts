import { type SchemaShape, TABLES, type TableName } from '@app/litellm';
import type { PublicationGaps } from './publication-check.js';
import type { UsableTable, UsableTables } from './table-check.js';

/**
 * The tables and columns that a seed would read, in words (see {@link SchemaShape}). Pure.
 *
 * Of entities a seed reads what there is now, so their tables and columns are named by identity too. Spend logs are their
 * rows as they were inserted: another table of their name is told by its oid elsewhere.
 */
export function shapeOf(tables: UsableTables, repairs: readonly PublicationGaps[]): SchemaShape {
  const words = [...tables].flatMap(([table, usable]) => wordsOf(table, usable));
  return { words: words.join(' '), gaps: repairs.flatMap(({ gaps }) => gaps) };
}

function wordsOf(table: TableName, { state, columns }: UsableTable): string[] {
  const read = TABLES[table].columns.map(({ name }) => name).filter((name) => columns.has(name));
  if (table === 'spend_logs') return read.map((name) => `${table}.${name}`);
  const numberOf = (name: string): number | undefined => state.numbers[state.columns.indexOf(name)];
  return [`${table}@${state.oid}`, ...read.map((name) => `${table}.${name}@${numberOf(name)}`)];
}
