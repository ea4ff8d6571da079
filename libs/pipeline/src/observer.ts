import type { SeedProgress, SourceSight } from '@app/litellm';
import type { SeedReason } from './start-decision.js';

/** What was seen of the slot last, in bytes. */
export interface SlotFigures {
  /** Log that PostgreSQL keeps for it; null for a lost slot. */
  readonly retained: number | null;
  /** Log written since the position confirmed last. */
  readonly confirmedLag: number | null;
  /** What may still be written before it is lost; null without a limit of the server's. */
  readonly safe: number | null;
  /** `wal_status`. */
  readonly status: string | null;
  /** REPLICATION_MAX_RETAINED_BYTES; 0 = off. */
  readonly limit: number;
}

/** What is told to the outside: log, self-metrics and status page. Every method returns at once and never throws. */
export abstract class PipelineObserver {
  abstract info(message: string): void;
  abstract warn(message: string): void;
  abstract error(message: string): void;
  /** A dependency answers, or does not. */
  abstract dependency(name: 'postgres' | 'redis', up: boolean): void;
  /** Which deployment this process has reached; null when it could not be asked. Told at each look, leader or not. */
  abstract source(seen: SourceSight | null): void;
  /** Another process consumes the slot, and this one waits to take over: all is well. Told now and then while it lasts. */
  abstract following(): void;
  /** This process consumes the slot. */
  abstract leader(leading: boolean): void;
  /** The stream is open. */
  abstract connected(connected: boolean): void;
  abstract reconnect(): void;
  abstract seedStarted(reason: SeedReason): void;
  abstract seedProgress(progress: SeedProgress): void;
  abstract seedFinished(rows: number, seconds: number): void;
  /** A step was stored: its rows, and how long storing took in seconds. */
  abstract stored(rows: number, seconds: number): void;
  abstract storeError(kind: string): void;
  abstract fenced(): void;
  /** Rows folded but not stored yet. */
  abstract inFlight(rows: number): void;
  abstract paused(paused: boolean): void;
  /** What the slot looks like now; null where there is none, or nobody can tell. */
  abstract slot(figures: SlotFigures | null): void;
  /** This process has dropped the slot, because it held too much log back. */
  abstract slotDropped(): void;
}
