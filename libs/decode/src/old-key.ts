import type { ColumnValue, Row } from '@app/change';

/** A row while it is being read. */
export type MutableRow = Record<string, ColumnValue | undefined>;

/** Has no prototype, since a column may be called `constructor`; and unlike `Object.create(null)` it is no hash table in V8. */
class EmptyRow {}
Object.setPrototypeOf(EmptyRow.prototype, null);
delete (EmptyRow.prototype as { constructor?: unknown }).constructor;

/** A row without columns. */
export function emptyRow(): MutableRow {
  return new EmptyRow() as MutableRow;
}

/**
 * The identity that an update replaced, or null where it is the same as before. wal2json names the identity with every
 * update, pgoutput only where it may have changed: comparing makes both say the same.
 */
export function replacedKey(identity: Row, row: Row): Row | null {
  for (const name in identity) {
    if (identity[name] !== row[name]) return identity;
  }
  return null;
}
