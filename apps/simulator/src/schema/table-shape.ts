/** A column as LiteLLM's migrations make it. */
export interface Column {
  readonly name: string;
  /** SQL type in lower case, like `timestamp(3)` or `text[]`. */
  readonly type: string;
  /** `not null` and `default …`, as they stand in the DDL. */
  readonly constraint: string;
}

/** A foreign key of one column. */
export interface ForeignKey {
  readonly column: string;
  readonly references: string;
  readonly referencedColumn: string;
  readonly onDelete: 'set null' | 'restrict';
}

/** A table as one version of LiteLLM has it. Prisma makes ids itself, so that no id column has a default. */
export interface TableShape {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly primaryKey: readonly string[];
  readonly unique: readonly (readonly string[])[];
  readonly indexes: readonly (readonly string[])[];
  readonly foreignKeys: readonly ForeignKey[];
}

/** A version of LiteLLM by what its database holds. */
export type ShapeName = 'current' | 'early-2025';

const COLUMN = /^(\w+) (.+?)((?: not null)?(?: default .+)?)$/;

/**
 * Columns from one line each: `name type [not null] [default …]`.
 *
 * @throws SyntaxError for a line of another form
 */
export function columns(lines: string): Column[] {
  return lines
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => {
      const [, name, type, constraint] = COLUMN.exec(line) ?? [];
      if (name === undefined || type === undefined) throw new SyntaxError(`not a column: ${line}`);
      return { name, type, constraint: (constraint ?? '').trim() };
    });
}

/** A table from its columns and what differs from a plain table. */
export function table(
  name: string,
  primaryKey: readonly string[],
  lines: string,
  rest: Partial<Pick<TableShape, 'unique' | 'indexes' | 'foreignKeys'>> = {},
): TableShape {
  return { name, primaryKey, columns: columns(lines), unique: [], indexes: [], foreignKeys: [], ...rest };
}

/** A foreign key to the primary key of the same name, emptied when the referenced row goes. */
export function reference(
  column: string,
  references: string,
  onDelete: ForeignKey['onDelete'] = 'set null',
): ForeignKey {
  return { column, references, referencedColumn: column === 'model_id' ? 'id' : column, onDelete };
}
