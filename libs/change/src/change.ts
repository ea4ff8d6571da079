import type { Lsn } from './lsn.js';

/**
 * One column value as both decoders give it: numbers for the numeric types, booleans for `boolean`, and PostgreSQL's
 * text form for everything else (timestamps under `TimeZone=UTC, DateStyle=ISO`, jsonb and arrays included).
 * `NaN` and `Infinity` are null, because wal2json prints them so.
 */
export type ColumnValue = string | number | boolean | null;

/**
 * Column values by name. An absent name means "not sent": an unchanged TOAST column, a column outside of the column
 * list, or one that this LiteLLM does not have. It never means NULL.
 */
export type Row = Readonly<Record<string, ColumnValue | undefined>>;

/** A table by schema and name, unquoted, as the catalogue spells it. */
export interface Relation {
  readonly schema: string;
  readonly table: string;
}

/** A transaction opens. Both plugins know the commit's position and time here already. */
export interface BeginChange {
  readonly kind: 'begin';
  /** Position of the commit record: the only position that orders the stream (W1). */
  readonly commitLsn: Lsn;
  /** Commit time in milliseconds since the Unix epoch. */
  readonly commitTime: number;
}

/** A row was inserted. */
export interface InsertChange {
  readonly kind: 'insert';
  readonly relation: Relation;
  readonly row: Row;
}

/** A row was updated. `oldKey` is set only where the primary key changed (or the replica identity is FULL). */
export interface UpdateChange {
  readonly kind: 'update';
  readonly relation: Relation;
  readonly row: Row;
  readonly oldKey: Row | null;
}

/** A row was deleted; under the default replica identity only its primary key is known. */
export interface DeleteChange {
  readonly kind: 'delete';
  readonly relation: Relation;
  readonly key: Row;
}

/** Tables were emptied. */
export interface TruncateChange {
  readonly kind: 'truncate';
  readonly relations: readonly Relation[];
}

/** A message written by `pg_logical_emit_message`. */
export interface MessageChange {
  readonly kind: 'message';
  readonly prefix: string;
  readonly content: string;
  readonly transactional: boolean;
  readonly lsn: Lsn;
}

/** The open transaction is whole. */
export interface CommitChange {
  readonly kind: 'commit';
  readonly commitLsn: Lsn;
  /** End of the commit record: what a checkpoint is set to (W1). */
  readonly endLsn: Lsn;
  readonly commitTime: number;
}

/** A message that could not be decoded (W10): counted by reason, never passed over in silence. */
export interface RejectedChange {
  readonly kind: 'rejected';
  /** A short name for the metric label, like `undecodable_message`. */
  readonly reason: string;
  /** For the log: what was wrong, without the content of rows. */
  readonly detail: string;
}

/** Everything a decoder can say about one message of the stream. */
export type Change =
  | BeginChange
  | InsertChange
  | UpdateChange
  | DeleteChange
  | TruncateChange
  | MessageChange
  | CommitChange
  | RejectedChange;
