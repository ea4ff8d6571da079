import { type Database, identifier } from '../database.js';
import type { Random } from '../random.js';
import { current } from './current.js';
import { early2025 } from './early-2025.js';
import { createPartition, daysAround, PARTITION_KEY } from './partitions.js';
import type { Column, ShapeName, TableShape } from './table-shape.js';

/** The table that grows by a row a request. */
export const SPEND_LOGS = 'LiteLLM_SpendLogs';

const TIMES = new Set(['startTime', 'endTime', 'completionStartTime']);

/** How the tables are to be made. */
export interface TableOptions {
  readonly shape: ShapeName;
  /** `migrated`: the columns of March 2025, then what migrations added. `shuffled`: any order, as restored dumps may have it. */
  readonly columnOrder: 'migrated' | 'shuffled';
  /** Type of the three time columns of the spend logs. */
  readonly timestamps: 'timestamp' | 'timestamptz';
  /** Spend logs partitioned by day of "startTime". */
  readonly partitioned: boolean;
  /** Days before now that get a partition of their own; older rows go to the default partition. */
  readonly partitionDays: number;
}

/** The tables of a version of LiteLLM; a referenced table stands before those that refer to it. */
export function tablesOf(shape: ShapeName): readonly TableShape[] {
  const shapes: Record<ShapeName, readonly TableShape[]> = { current, 'early-2025': early2025 };
  return referencedFirst(shapes[shape]);
}

function referencedFirst(shapes: readonly TableShape[]): TableShape[] {
  const left = [...shapes];
  const ordered: TableShape[] = [];
  while (left.length > 0) {
    const missing = new Set(left.map((shape) => shape.name));
    const index = left.findIndex((shape) => shape.foreignKeys.every(({ references }) => !missing.has(references)));
    ordered.push(...left.splice(Math.max(index, 0), 1));
  }
  return ordered;
}

/** The columns in the physical order, and of the types, that the options ask for. */
export function layOut(shape: TableShape, options: TableOptions, random: Random): readonly Column[] {
  const columns = shape.columns.map((column) =>
    shape.name === SPEND_LOGS && options.timestamps === 'timestamptz' && TIMES.has(column.name)
      ? { ...column, type: 'timestamptz' }
      : column,
  );
  if (options.columnOrder === 'migrated') return columns;
  const draw = random.fork(`columns of ${shape.name}`);
  return columns
    .map((column) => ({ column, place: draw.next() }))
    .sort((a, b) => a.place - b.place)
    .map(({ column }) => column);
}

const list = (names: readonly string[]): string => names.map(identifier).join(', ');

/** `CREATE INDEX` statements of a table, under the names that LiteLLM's migrations give. */
export function createIndexes(database: Database, shape: TableShape): string[] {
  const statement = (columns: readonly string[], kind: 'index' | 'unique index'): string => {
    const name = `${shape.name}_${columns.join('_')}_${kind === 'index' ? 'idx' : 'key'}`.slice(0, 63);
    return `CREATE ${kind.toUpperCase()} ${identifier(name)} ON ${database.table(shape.name)} (${list(columns)})`;
  };
  return [
    ...shape.unique.map((columns) => statement(columns, 'unique index')),
    ...shape.indexes.map((columns) => statement(columns, 'index')),
  ];
}

function createTable(database: Database, shape: TableShape, columns: readonly Column[], partitioned: boolean): string {
  const primaryKey = partitioned ? [...shape.primaryKey, PARTITION_KEY] : shape.primaryKey;
  const lines = columns.map(({ name, type, constraint }) => `${identifier(name)} ${type} ${constraint}`.trimEnd());
  lines.push(`CONSTRAINT ${identifier(`${shape.name}_pkey`)} PRIMARY KEY (${list(primaryKey)})`);
  const tail = partitioned ? ` PARTITION BY RANGE (${identifier(PARTITION_KEY)})` : '';
  return `CREATE TABLE ${database.table(shape.name)} (\n  ${lines.join(',\n  ')}\n)${tail}`;
}

function addForeignKeys(database: Database, shape: TableShape): string[] {
  return shape.foreignKeys.map(
    ({ column, references, referencedColumn, onDelete }) =>
      `ALTER TABLE ${database.table(shape.name)} ADD CONSTRAINT ${identifier(`${shape.name}_${column}_fkey`)} ` +
      `FOREIGN KEY (${identifier(column)}) REFERENCES ${database.table(references)} (${identifier(referencedColumn)}) ` +
      `ON DELETE ${onDelete.toUpperCase()} ON UPDATE CASCADE`,
  );
}

/** Every statement that makes a LiteLLM database of the given form; `now` places the partitions. */
export function createTablesStatements(
  database: Database,
  options: TableOptions,
  at: { readonly random: Random; readonly now: number },
): string[] {
  const shapes = tablesOf(options.shape);
  const isPartitioned = (shape: TableShape): boolean => options.partitioned && shape.name === SPEND_LOGS;
  const partitions = options.partitioned
    ? ['default' as const, ...daysAround(at.now, options.partitionDays)].map((day) => createPartition(database, day))
    : [];
  return [
    `CREATE SCHEMA IF NOT EXISTS ${identifier(database.schema)}`,
    ...shapes.map((shape) => createTable(database, shape, layOut(shape, options, at.random), isPartitioned(shape))),
    ...partitions,
    ...shapes.flatMap((shape) => createIndexes(database, shape)),
    ...shapes.flatMap((shape) => addForeignKeys(database, shape)),
  ];
}
