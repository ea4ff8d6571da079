import { type Database, identifier, type Session } from '../database.js';
import type { Column } from '../schema/table-shape.js';

/** The columns that each table of the database has, by table name. */
export type Layout = ReadonlyMap<string, readonly Column[]>;

/** As LiteLLM's largest batches. The rows travel as one JSON document, not as thousands of parameters. */
const ROWS_A_STATEMENT = 1_000;

/** A value as a parameter: JSON as text, times as ISO 8601 in UTC, which `timestamp` takes as such. */
export function parameter(value: unknown, type: string): unknown {
  if (value === null || value === undefined) return null;
  if (type === 'jsonb') return JSON.stringify(value);
  if (type.startsWith('timestamp')) return new Date(value as number).toISOString();
  return value;
}

/** Writes rows into the tables of one layout; what a version of LiteLLM lacks is left out. */
export class RowWriter {
  readonly #database: Database;
  readonly #layout: Layout;

  constructor(database: Database, layout: Layout) {
    this.#database = database;
    this.#layout = layout;
  }

  /** True where this version of LiteLLM has the table. */
  has(table: string): boolean {
    return this.#layout.has(table);
  }

  /** The qualified name of a table, for SQL. */
  table(name: string): string {
    return this.#database.table(name);
  }

  /**
   * Inserts rows of one form, as many to a statement as it takes; rows whose key is there already are left out in silence.
   *
   * @returns the number of rows that were written; 0 where the table does not exist
   */
  insert(session: Session, table: string, rows: readonly object[]): Promise<number> {
    return this.insertInto(session, this.table(table), table, rows);
  }

  /** As {@link insert}, into another relation with the columns of the table. */
  async insertInto(session: Session, relation: string, table: string, rows: readonly object[]): Promise<number> {
    const columns = this.#columns(table, rows[0]);
    if (columns.length === 0) return 0;
    const names = columns.map(({ name }) => identifier(name)).join(', ');
    const types = columns.map(({ name, type }) => `${identifier(name)} ${type}`).join(', ');
    const text = `INSERT INTO ${relation} (${names}) SELECT ${names} FROM json_to_recordset($1::json) AS offered (${types}) ON CONFLICT DO NOTHING`;
    let written = 0;
    for (let from = 0; from < rows.length; from += ROWS_A_STATEMENT) {
      const cells = rows.slice(from, from + ROWS_A_STATEMENT).map((row) => cellsOf(columns, row));
      const result = await session.query(text, [JSON.stringify(cells)]);
      written += result.rowCount ?? 0;
    }
    return written;
  }

  /** Sets columns of the rows that the key names. */
  async update(session: Session, table: string, key: object, changes: object): Promise<void> {
    const columns = this.#columns(table, changes);
    const keys = this.#columns(table, key);
    if (columns.length === 0 || keys.length === 0) return;
    const values = [...parameters(columns, changes), ...parameters(keys, key)];
    const assignments = columns.map(({ name }, index) => `${identifier(name)} = $${index + 1}`);
    const conditions = keys.map(({ name }, index) => `${identifier(name)} = $${columns.length + index + 1}`);
    const text = `UPDATE ${this.table(table)} SET ${assignments.join(', ')} WHERE ${conditions.join(' AND ')}`;
    await session.query(text, values);
  }

  /** Deletes the rows that the key names. */
  async delete(session: Session, table: string, key: object): Promise<void> {
    const keys = this.#columns(table, key);
    if (keys.length === 0) return;
    const conditions = keys.map(({ name }, index) => `${identifier(name)} = $${index + 1}`);
    await session.query(`DELETE FROM ${this.table(table)} WHERE ${conditions.join(' AND ')}`, parameters(keys, key));
  }

  /** Copies the rows that the key names from a live table into its archive, under new ids. */
  async archive(session: Session, names: readonly [live: string, archive: string], key: object): Promise<void> {
    const [live, archive] = names;
    if (!this.has(archive)) return;
    const keys = this.#columns(live, key);
    const columns = (this.#layout.get(live) ?? []).map(({ name }) => identifier(name)).join(', ');
    const conditions = keys.map(({ name }, index) => `${identifier(name)} = $${index + 1}`);
    // The id is drawn from the key, so that equal runs archive equal rows.
    const id = keys.map(({ name }) => identifier(name)).join(` || '/' || `);
    await session.query(
      `INSERT INTO ${this.table(archive)} (id, ${columns}) SELECT md5(${id}), ${columns} FROM ${this.table(live)}
       WHERE ${conditions.join(' AND ')} ON CONFLICT DO NOTHING`,
      parameters(keys, key),
    );
  }

  #columns(table: string, sample: object | undefined): readonly Column[] {
    if (sample === undefined) return [];
    return (this.#layout.get(table) ?? []).filter(({ name }) => name in sample);
  }
}

function parameters(columns: readonly Column[], row: object): unknown[] {
  const cells = row as Readonly<Record<string, unknown>>;
  return columns.map(({ name, type }) => parameter(cells[name], type));
}

/** A row as JSON that PostgreSQL turns back into the column's types. */
function cellsOf(columns: readonly Column[], row: object): Record<string, unknown> {
  const values = row as Readonly<Record<string, unknown>>;
  const cells: Record<string, unknown> = {};
  for (const { name, type } of columns) {
    const value = values[name];
    if (typeof value !== 'number') cells[name] = value;
    // JSON knows neither NaN nor infinities; PostgreSQL reads them from texts.
    else if (type === 'double precision') cells[name] = Number.isFinite(value) ? value : String(value);
    else cells[name] = type.startsWith('timestamp') ? parameter(value, type) : value;
  }
  return cells;
}
