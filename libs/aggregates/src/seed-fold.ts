import {
  type Entity,
  type EntityTable,
  factOf,
  isKept,
  type RejectionReason,
  type SpendMeasures,
  type SpendTraits,
} from '@app/litellm';
import { AlikeRows } from './alike-rows.js';
import { Delta } from './delta.js';
import { EntityLayer } from './entity-layer.js';
import { type FoldOrigin, type SpendById, SpendFold } from './fold.js';
import { inOneTurn } from './in-turns.js';
import { StepPreparation } from './prepare.js';
import { orphanedPairs } from './prepare-counters.js';
import { emptyRecord, type RecordedState } from './record.js';
import { carryOver, coveredSince, inheritedRecord, settingsSince, withSeedStart } from './seed-inheritance.js';
import type { AggregateSettings } from './settings.js';
import { AggregateState } from './state.js';
import { attributeByAlias } from './transaction-fold.js';

/** What a new state is seeded from beside the table. */
export interface SeedBase {
  readonly settings: AggregateSettings;
  /** PostgreSQL's time of the snapshot, in milliseconds. */
  readonly snapshotTime: number;
  /** The state that the new one takes the place of; null at a first seed. */
  readonly before: AggregateState | null;
  /** Commit time of the last transaction that `before` has applied; see {@link SeedFold} for what counters grow by. */
  readonly lastCommitTime: number | null;
  /** Why a seed was taken: the label of `litellm_exporter_seeds_total`. */
  readonly reason: string;
}

/** How a seed ends. */
export interface SeedEnd {
  /** Which tables and columns were read, in words that only equality is asked of. */
  readonly schema?: string;
  /** What the figure `last_commit` begins with: no transaction has been counted yet. */
  readonly lastCommit?: string;
  /** Keep what the old state knows of the time before the table's oldest row. */
  readonly keepBefore: boolean;
  /** Oldest startTime that was asked for, in milliseconds. */
  readonly since: number;
  /** How long the seed took. */
  readonly seconds: number;
}

/**
 * Builds a whole new state out of a seed, slice by slice, out of sight (W6). Counters of the state before go on, and grow by the rows
 * that ended after the last commit of spend-log rows that it has applied: commits of entities say nothing of rows, which may have gone
 * another way meanwhile (a table that nobody published yet).
 */
export class SeedFold {
  readonly state: AggregateState;
  readonly #base: SeedBase;
  readonly #fold: SpendFold;
  readonly #preparation: StepPreparation;
  readonly #origin: FoldOrigin;
  readonly #alike: AlikeRows;
  #rows = 0;
  #delta = new Delta();
  #byId: SpendById = { teams: new Map(), keys: new Map() };

  constructor(base: SeedBase) {
    this.#base = base;
    this.state = new AggregateState(base.settings);
    this.#fold = new SpendFold(base.settings);
    this.#fold.moveClock(base.snapshotTime);
    this.#alike = new AlikeRows(this.#fold);
    this.#preparation = new StepPreparation(this.state);
    const countersSince = base.before === null ? null : (countedUntil(base.before) ?? base.lastCommitTime);
    this.#origin = { from: 'seed', snapshotTime: base.snapshotTime, countersSince };
    this.state.apply(inheritedRecord(base.before, base.settings, base.snapshotTime));
  }

  /** Takes in entity rows; those that feed no family are not kept. */
  entities(rows: readonly Entity[]): void {
    const kept = rows.filter(isKept);
    this.state.apply({
      ...emptyRecord(this.state.version, this.#base.snapshotTime),
      entities: kept.map((entity) => ({ op: 'put', entity })),
    });
  }

  /** Says which tables this LiteLLM has. */
  present(tables: Readonly<Partial<Record<EntityTable, boolean>>>): void {
    this.state.apply({ ...emptyRecord(this.state.version, this.#base.snapshotTime), present: tables });
  }

  /** Takes in a row of the slice being read, as {@link SeedSink.row}. */
  row(traits: SpendTraits, measures: SpendMeasures): void {
    this.#rows += 1;
    if (this.#fold.standsAlone(measures, this.#origin)) {
      this.#fold.add(this.#delta, this.#byId, factOf(traits, measures), this.#origin);
    } else this.#alike.add(this.#delta, traits, measures);
  }

  /** Counts what could not be used. */
  rejected(reason: RejectionReason, rows: number): void {
    this.#delta.count('rows_rejected', [reason], rows);
  }

  /** The slice is whole: its rows count. */
  sliceDone(): void {
    this.#alike.flush(this.#delta);
    this.#delta.count('seed_rows', [], this.#rows);
    inOneTurn(attributeByAlias(this.#delta, this.#byId, this.state.entities));
    this.#apply(this.#delta, this.#base.snapshotTime);
    this.sliceLost();
  }

  /** The slice broke off: its rows are forgotten and come again. */
  sliceLost(): void {
    this.#delta = new Delta();
    this.#byId = { teams: new Map(), keys: new Map() };
    this.#alike.forget();
    this.#rows = 0;
  }

  /**
   * Finishes the state. With `keepBefore`, buckets of the old state that lie wholly before the table's oldest row are
   * kept: retention shorter than the window must not shrink the past (METRICS.md section 1). In an empty table there
   * is no such row, and all of them are. Version and clock go on from the old state's, which was served meanwhile (W7).
   */
  finish(oldestRowTime: number | null, options: SeedEnd): RecordedState {
    const { before, settings, snapshotTime, reason } = this.#base;
    const delta = new Delta();
    delta.count('seeds', [reason], 1);
    let covered = Math.max(options.since, oldestRowTime ?? snapshotTime);
    if (before !== null && options.keepBefore) {
      carryOver(before, delta, { settings, until: oldestRowTime ?? Number.POSITIVE_INFINITY, now: snapshotTime });
      covered = coveredSince(before, settings, covered, snapshotTime);
    }
    delta.figures.covered_since = covered;
    delta.figures.state_stale = 0;
    if (options.schema !== undefined) delta.figures.schema_at_seed = options.schema;
    if (options.lastCommit !== undefined) delta.figures.last_commit = options.lastCommit;
    delta.figures.settings_since = settingsSince(before, settings, snapshotTime);
    if (before !== null) delta.figures.seed_starts = withSeedStart(before, snapshotTime);
    delta.figures.history_at_seed = before?.counterTable.counter('rows_history', [])?.value ?? 0;
    delta.figures.counted_until = snapshotTime;
    delta.figures.last_commit_timestamp_seconds = (this.#base.lastCommitTime ?? snapshotTime) / 1000;
    delta.figures.seed_duration_seconds = options.seconds;
    delta.figures.seed_completed_timestamp_seconds = snapshotTime / 1000;
    this.#apply(delta, Math.max(snapshotTime, before?.clock ?? 0));
    this.state.apply({ ...emptyRecord(this.state.version, this.state.clock), ended: orphanedPairs(this.state) });
    this.state.raiseVersion((before?.version ?? 0) + 1);
    return this.state;
  }

  #apply(delta: Delta, clock: number): void {
    const entities = new EntityLayer(this.state.entities);
    this.state.apply(this.#preparation.prepare({ delta, entities, clock }));
  }
}

/** Until when rows that were committed are in the counters, in milliseconds; null for a state that does not say. */
function countedUntil({ figures }: AggregateState): number | null {
  return figures.counted_until === undefined ? null : Number(figures.counted_until);
}
