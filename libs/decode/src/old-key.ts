import type { ColumnValue, Row } from '@app/change';

/** A row while it is being read. */
export type MutableRow = Record<string, ColumnValue | undefined>;

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
