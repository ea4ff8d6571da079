import { setTimeout as pause } from 'node:timers/promises';
import {
  type AggregateSettings,
  AggregateState,
  edgeOf,
  type Generation,
  SeedFold,
  type StateStore,
  type WindowSpec,
  windowSpecs,
} from '@app/aggregates';
import { type Checkpoint, type Epoch, isFailure, LSN_ZERO } from '@app/change';
import type { EntityTable, SeedProgress, SeedSink, UpstreamSession } from '@app/litellm';
import { writeCountedCommit } from './known-history.js';
import type { PipelineObserver } from './observer.js';
import type { SeedReason } from './start-decision.js';

/** Milliseconds for which a finished seed waits for a store that is out of reach. */
const REPLACE_PATIENCE = 60_000;
const REPLACE_PAUSE = 1_000;

/** What a seed needs. */
export interface SeedingOptions {
  readonly session: UpstreamSession;
  readonly store: StateStore;
  readonly settings: AggregateSettings;
  readonly observer: PipelineObserver;
  readonly epoch: Epoch;
  readonly reason: SeedReason;
  readonly signal: AbortSignal;
  /** Called once before the new state is made current: no step of the old one may be under way then. */
  readonly beforeReplace: () => Promise<void>;
  /** Called once, with the time of the seed, when the first rows are read: what came before has cost the server next to nothing. */
  readonly reading: (time: number) => void;
}

/** The oldest startTime that any window needs at `now`, in milliseconds. */
export function seedHorizon(settings: AggregateSettings, now: number): number {
  return Math.min(...Object.values(windowSpecs(settings)).map((spec: WindowSpec) => edgeOf(spec, now)));
}

/**
 * Takes one consistent snapshot into a new state, out of sight, and makes it current: never half (W6).
 *
 * @returns the checkpoint at the slot's consistent point
 * @throws ExporterFailure of the session or the store; the old state stays as it was
 */
export async function takeSeed(options: SeedingOptions): Promise<Checkpoint> {
  const { session, store, settings, observer, reason } = options;
  const started = performance.now();
  observer.seedStarted(reason);
  const { clock } = await session.figures();
  const before = store.state instanceof AggregateState ? store.state : null;
  const lastCommitTime = before === null ? null : (store.checkpoint?.commitTime ?? null);
  const fold = new SeedFold({ settings, snapshotTime: clock, before, lastCommitTime, reason });
  const { spend_logs: _spendLogs, ...tables } = session.facts.tables;
  fold.present(tables satisfies Readonly<Record<EntityTable, boolean>>);
  const since = seedHorizon(settings, clock);
  let rows = 0;
  const progressed = (progress: SeedProgress): void => {
    rows = progress.rows;
    observer.seedProgress(progress);
  };
  const sink = seedSink(fold, { reading: () => options.reading(clock), progressed });
  const result = await session.seed({ since, signal: options.signal }, sink);
  const keepBefore = store.durability === 'external';
  const seconds = (performance.now() - started) / 1000;
  const commitTime = Math.max(lastCommitTime ?? 0, result.snapshotTime);
  const schema = session.facts.schema.words;
  const lastCommit = writeCountedCommit({ commitLsn: LSN_ZERO, commitTime, changes: 0 });
  await options.beforeReplace();
  const state = fold.finish(result.oldestRowTime, { keepBefore, since, seconds, schema, lastCommit });
  const checkpoint: Checkpoint = {
    source: session.facts.source,
    slot: session.facts.slot,
    plugin: session.facts.plugin,
    next: result.consistentPoint,
    commitTime,
  };
  await replaceInTime(options, { epoch: options.epoch, checkpoint, state });
  observer.seedFinished(rows, seconds);
  return checkpoint;
}

/** A store that is away for a moment must not cost a seed of hours. */
async function replaceInTime({ store, observer, signal }: SeedingOptions, generation: Generation): Promise<void> {
  const limit = Date.now() + REPLACE_PATIENCE;
  for (;;) {
    try {
      await store.replace(generation);
      return;
    } catch (error) {
      if (!isFailure(error, 'store-unavailable') || signal.aborted || Date.now() >= limit) throw error;
      observer.storeError(error.kind);
      observer.warn(`the new state can't be stored, trying again: ${error.message}`);
      await pause(REPLACE_PAUSE, undefined, { signal }).catch(() => undefined);
    }
  }
}

function seedSink(
  fold: SeedFold,
  tell: { readonly reading: () => void; readonly progressed: (progress: SeedProgress) => void },
): SeedSink {
  let read = false;
  return {
    entities: (rows) => {
      if (!read) tell.reading();
      read = true;
      fold.entities(rows);
    },
    row: (traits, measures) => fold.row(traits, measures),
    rejected: (reason, rows) => fold.rejected(reason, rows),
    sliceDone: (progress) => {
      fold.sliceDone();
      tell.progressed(progress);
    },
    sliceLost: () => fold.sliceLost(),
  };
}
