import type { ChangeStream, Lsn, Plugin, SlotFacts, SourceIdentity, StreamSink } from '@app/change';
import type { Entity, EntityTable } from './entity.js';
import type { MetadataFacts, RejectionReason, SpendLogKey, SpendMeasures, SpendTraits } from './fact.js';

/**
 * Receives a seed: entities first, then slices of spend-log rows. All of it is what one snapshot saw.
 * A slice is handed over whole or not at all; a sink that throws ends the seed with that error.
 */
export interface SeedSink {
  entities(rows: readonly Entity[]): void;
  /**
   * One row of the slice being read. It counts only once {@link sliceDone} follows; after {@link sliceLost} the rows are
   * to be forgotten, and the same ones come again.
   *
   * @param traits what the row has in common with others: those with equal traits mostly come with the same object, which never changes
   * @param measures to be read during the call: the next row may come in the same object
   */
  row(traits: SpendTraits, measures: SpendMeasures): void;
  rejected(reason: RejectionReason, rows: number): void;
  sliceDone(progress: SeedProgress): void;
  sliceLost(): void;
}

/** How far a seed is. */
export interface SeedProgress {
  readonly rows: number;
  /** Share of the window's time read so far, 0 to 1. */
  readonly share: number;
  /** Seconds that the rest will take at the speed so far; null until that can be said. */
  readonly etaSeconds: number | null;
}

/** What a finished seed leaves behind. */
export interface SeedResult {
  /** The slot's consistent point: a transaction counts when its commit LSN >= this (F5). */
  readonly consistentPoint: Lsn;
  /** PostgreSQL's time of the snapshot, in milliseconds since the Unix epoch. */
  readonly snapshotTime: number;
  /** startTime of the oldest row of the table, in or outside of the window; null for an empty table. */
  readonly oldestRowTime: number | null;
}

/** What is to be seeded. */
export interface SeedRequest {
  /** Oldest startTime that is needed, in milliseconds since the Unix epoch. */
  readonly since: number;
  readonly signal: AbortSignal;
}

/** Where the timelines that led to the server's present one were left, each at the first position that is no more its own. */
export type TimelineHistory = ReadonlyMap<number, Lsn>;

/** What one connection to PostgreSQL has found out before anything is created. */
export interface UpstreamFacts {
  readonly source: SourceIdentity;
  /** `server_version_num`. */
  readonly version: number;
  readonly plugin: Plugin;
  readonly slot: string;
  /** True where the slot goes with its connection (memory store): every start seeds. */
  readonly temporarySlot: boolean;
  readonly inRecovery: boolean;
  readonly walEnd: Lsn;
  readonly timelineHistory: TimelineHistory;
  /** Entity tables that this LiteLLM has, the label of `litellm_exporter_table_present`. */
  readonly tables: Readonly<Record<EntityTable | 'spend_logs', boolean>>;
  /** What a seed would read now. */
  readonly schema: SchemaShape;
  /** Things worth a line in the log at start, like an unlimited `max_slot_wal_keep_size`. */
  readonly warnings: readonly string[];
}

/** Figures of slot and server, refreshed every METRICS_UPDATE_INTERVAL; none of them reads a LiteLLM table. */
export interface UpstreamFigures {
  readonly slot: SlotFacts | null;
  readonly walEnd: Lsn;
  /** PostgreSQL's clock in milliseconds since the Unix epoch. */
  readonly clock: number;
  /** Oid of the relation that bears the spend-log name now; null when there is none. */
  readonly spendLogsOid: number | null;
}

/**
 * Which tables and columns a seed would read, as words between spaces, in a fixed order: `team@16400` is a table by its
 * identity, `team.soft_budget@7` a column by its. Two shapes that are equal would be read alike; one whose column was
 * dropped and added again differs, though the names are the same. Spend logs stand in it by names alone.
 */
export interface SchemaShape {
  readonly words: string;
  /** What our publications lack of it, in words, and the next seed mends: a stream from the present slot has a gap. */
  readonly gaps: readonly string[];
}

/** What has become of the tables since a session began. */
export interface SchemaSight extends SchemaShape {
  /** What is left out, each with the statement that would let it in. */
  readonly warnings: readonly string[];
}

/**
 * One attempt at PostgreSQL: preflight is passed, nothing is created yet. Its connections share one fate: when one is
 * lost, `lost` resolves, and the session has to be closed.
 */
export interface UpstreamSession {
  readonly facts: UpstreamFacts;
  /** Resolves, never rejects, when the session can't go on: a lost connection, or a server that shuts down. */
  readonly lost: Promise<Error>;
  slot(): Promise<SlotFacts | null>;
  /**
   * Drops the slot of our name where it is ours to drop (terminating its walsender is the caller's decision, taken by
   * claim), creates it anew with an exported snapshot, and hands what the snapshot sees to the sink.
   *
   * @throws ExporterFailure `seed-interrupted`, `privilege-missing`, `slots-exhausted`, …
   */
  seed(request: SeedRequest, sink: SeedSink): Promise<SeedResult>;
  /** Starts the stream at `from`. @throws ExporterFailure `slot-active`, `slot-lost`, `slot-missing`, … */
  stream(from: Lsn, sink: StreamSink): Promise<ChangeStream>;
  /** Drops the slot of our name; nothing happens where there is none. */
  dropSlot(): Promise<void>;
  /** What the metadata of these rows says, by request id; rows that are gone are absent. */
  metadata(rows: readonly SpendLogKey[]): Promise<ReadonlyMap<string, MetadataFacts>>;
  figures(): Promise<UpstreamFigures>;
  /**
   * Looks at tables, columns, grants and publications as they are now; null where a migration holds what would have to be asked.
   *
   * @throws ExporterFailure where something is lacking now without which a connect would fail: `publication-incomplete`
   * (first of all, since what is written meanwhile reaches no stream), `table-missing`, `column-missing`, `privilege-missing`
   */
  schema(): Promise<SchemaSight | null>;
  /**
   * Writes a logical message that travels the data path, and returns its position. With `flush` it is durable
   * before this returns.
   */
  emitMessage(prefix: string, content: string): Promise<Lsn>;
  /** Releases all connections within 2 s, and the slot with them where it is temporary. */
  close(): Promise<void>;
}

/** Which deployment of LiteLLM an ordinary connection has reached. */
export interface SourceSight {
  /** Null where a managed service does not tell (`pg_control_system`). */
  readonly systemId: string | null;
  readonly database: string;
  readonly schema: string;
}

/** What any replica may see of the slot, without the claim. */
export interface SlotSight {
  readonly source: SourceSight;
  /** Null where there is none, or one of our name is somebody else's. */
  readonly slot: SlotFacts | null;
  readonly walEnd: Lsn;
  /** A standby's slots are not ours to drop. */
  readonly inRecovery: boolean;
}

/** What became of an attempt to drop a slot that lags too far. */
export type SlotDrop =
  /** It is gone, by this attempt: of several watches over one slot only one says so. */
  | 'dropped'
  /** It lags no further than allowed any more, is not ours, or was dropped by another. */
  | 'kept'
  /** Another session holds the claim: its owner is to decide. */
  | 'held';

/** Looks after the slot beside whatever consumes it, with one ordinary connection of its own. */
export interface SlotWatch {
  /** @throws ExporterFailure where PostgreSQL can't be asked; the next call connects again. */
  look(): Promise<SlotSight>;
  /** Who has the oldest transaction with writes on the server, in words with its pid; null for nobody. */
  oldestTransaction(): Promise<string | null>;
  /**
   * Drops the slot where it is ours and its confirmed position lags by more than `limit` bytes: with the claim in hand,
   * taken for this moment. With `endHolder` the session that holds the claim, or the slot, is ended first.
   *
   * @throws ExporterFailure where PostgreSQL refuses or can't be asked
   */
  drop(limit: number, how: { readonly endHolder: boolean }): Promise<SlotDrop>;
  /** Lets go of the connection. */
  close(): Promise<void>;
}

/** The way to PostgreSQL. */
export abstract class Upstream {
  /** Connects at the first look. */
  abstract watchSlot(): SlotWatch;

  /**
   * Connects, waits for the advisory lock that makes this process the one consumer, and runs the preflight.
   *
   * @param held told while another process has the lock: at once, and then each minute
   * @throws ExporterFailure with cause, remedy and section; the signal's reason while it waits.
   */
  abstract connect(signal: AbortSignal, held?: () => void): Promise<UpstreamSession>;
}
