import type { ColumnValue, Row } from '@app/change';
import {
  ENTITY_TABLES,
  type Entity,
  type EntityTable,
  qualifiedName,
  quoteIdentifier,
  readEntity,
  relationOf,
  TABLES,
} from '@app/litellm';
import type pg from 'pg';
import type { SeedPatience } from './seed-patience.js';
import { inSnapshot, isTooSlow, type SeedView } from './seed-transaction.js';
import type { UsableTable, UsableTables } from './table-check.js';

const PAGE_ROWS = 10_000;
const SMALLEST_PAGE = 100;

/** Oids of the types whose values are numbers in a change too (pg_type.dat): int8, int2, int4, float4, float8, numeric. */
const NUMBERS = new Set([20, 21, 23, 700, 701, 1700]);
const BOOLEAN = 16;

/** What entities are read from. */
export interface EntitySource {
  /** The snapshot over a connection that is open. */
  readonly view: () => Promise<SeedView>;
  readonly schema: string;
  readonly tables: UsableTables;
  readonly patience: SeedPatience;
}

/** Reads every entity table whole, in pages of one short transaction each, in the order of the primary key. */
export async function* readEntities(source: EntitySource): AsyncGenerator<readonly Entity[]> {
  for (const table of ENTITY_TABLES as readonly EntityTable[]) {
    const usable = source.tables.get(table);
    if (usable !== undefined) yield* readTable(source, table, usable);
  }
}

async function* readTable(
  { view, schema, patience }: EntitySource,
  table: EntityTable,
  usable: UsableTable,
): AsyncGenerator<readonly Entity[]> {
  const key = keyOf(table, usable);
  const columns = TABLES[table].columns.map((column) => column.name).filter((name) => usable.columns.has(name));
  const list = [...new Set([...columns, ...key])].map(quoteIdentifier).join(', ');
  let last: readonly ColumnValue[] | null = null;
  let size = PAGE_ROWS;
  for (;;) {
    const where =
      last === null ? '' : ` WHERE (${names(key)}) > (${last.map((_, index) => `$${index + 1}`).join(', ')})`;
    const text = `SELECT ${list} FROM ${qualifiedName(schema, relationOf(table))}${where} ORDER BY ${names(key)} LIMIT ${size}`;
    let rows: Row[];
    try {
      rows = await readPage(await view(), text, last ?? []);
    } catch (error) {
      if (!isTooSlow(error)) await patience.waitOut(error);
      else if (size <= SMALLEST_PAGE) throw error;
      else size = Math.ceil(size / 2);
      continue;
    }
    patience.relieved();
    if (rows.length > 0) yield rows.map((row) => readEntity(table, row, undefined));
    const end = rows.at(-1);
    if (end === undefined || rows.length < size) return;
    last = key.map((column) => end[column] ?? null);
  }
}

/** In the order of the index, so that a page is a range of it. */
function keyOf(table: EntityTable, usable: UsableTable): readonly string[] {
  const { identity, identityColumns } = usable.state;
  return identity === 'f' ? TABLES[table].primaryKey : identityColumns;
}

function names(key: readonly string[]): string {
  return key.map(quoteIdentifier).join(', ');
}

async function readPage(view: SeedView, text: string, values: readonly ColumnValue[]): Promise<Row[]> {
  return inSnapshot(view, async () => {
    const result = await view.connection.client.query<Record<string, ColumnValue>>({
      text,
      values: [...values],
      types: { getTypeParser: (oid: number) => valueReader(oid) } as pg.CustomTypesConfig,
    });
    return result.rows;
  });
}

/** Gives the values the form that decoders give them, so that seed and stream read alike. */
function valueReader(oid: number): (text: string) => ColumnValue {
  if (oid === BOOLEAN) return (text) => text === 't';
  if (!NUMBERS.has(oid)) return (text) => text;
  return (text) => {
    const value = Number(text);
    return Number.isFinite(value) ? value : null;
  };
}
