import type { Lsn } from './lsn.js';

/** Which history of which server a position belongs to (`IDENTIFY_SYSTEM`, streaming replication protocol). */
export interface SourceIdentity {
  /** PostgreSQL's system identifier, decimal text of 64 bits. */
  readonly systemId: string;
  readonly timeline: number;
  readonly database: string;
  readonly schema: string;
  /** Oid of the spend-log table: another one under the same name is another table (W5). */
  readonly spendLogsOid: number;
}

/** Where stored state stands in the stream. */
export interface Checkpoint {
  readonly source: SourceIdentity;
  readonly slot: string;
  readonly plugin: Plugin;
  /** The slot's consistent point at seed, then each commit's end: a transaction counts when its commit LSN >= next (W3). */
  readonly next: Lsn;
  /** Commit time of the last applied transaction, in milliseconds since the Unix epoch; the seed's time before one. */
  readonly commitTime: number;
}

/** The logical decoding plugins this exporter reads. */
export type Plugin = 'wal2json' | 'pgoutput';

/** What `pg_replication_slots` says of a slot; fields that a server version lacks are null. */
export interface SlotFacts {
  readonly name: string;
  readonly plugin: string | null;
  readonly database: string | null;
  readonly temporary: boolean;
  readonly active: boolean;
  readonly activePid: number | null;
  readonly restartLsn: Lsn | null;
  readonly confirmedFlush: Lsn | null;
  /** `reserved`, `extended`, `unreserved` or `lost`. */
  readonly walStatus: string | null;
  /** Bytes that may still be written before the slot is lost; null where unlimited. */
  readonly safeWalBytes: number | null;
  readonly invalidationReason: string | null;
}

/**
 * The right to write, taken from PostgreSQL because a store may go back (W4): the position of a logical message written
 * at the claim, on one lineage. On the same lineage a larger position fences a smaller one.
 */
export interface Epoch {
  /** `<system identifier>/<timeline>`. */
  readonly lineage: string;
  readonly position: Lsn;
}
