import { AggregateState, type EntityLookup, type FoldContext, SpendFold, type StateStore } from '@app/aggregates';
import { type Checkpoint, type Epoch, ExporterFailure, isFailure, LSN_ZERO, type Lsn } from '@app/change';
import { asapScheduler, filter, from, type Observable, Subject } from 'rxjs';
import { Batch, type WriterInput } from './batch.js';
import { conflate } from './conflate.js';
import type { PipelineObserver } from './observer.js';
import type { StepUnderWay } from './step-patience.js';
import { StepStoring, type Stored } from './step-storing.js';

/** What a writer writes for: the claim it holds, and where the store stands. */
export interface WriterClaim {
  readonly epoch: Epoch;
  readonly checkpoint: Checkpoint;
}

/**
 * A row that comes alone is stored at once, and what comes while a step is under way, or within 10 ms of its start, goes into the next one:
 * each step is an entry in the log of the store, which every replica reads and applies, and a thousand rows a second would be as many.
 * As a stream catches up nobody waits for its single rows, and the same series come again and again: larger steps are cheaper by the row,
 * so the next one begins a millisecond after the last for each ten rows of that, and a quarter of a second after it at the latest.
 */
const SHORTEST_SPACING = 10;
const ROWS_PER_MILLISECOND = 10;
const LONGEST_SPACING = 250;
/** Rows and operations on entities gathered while a step is being stored at which the socket is paused. */
const HIGH_SIZE = 50_000;
/**
 * (bucket, series) pairs of small transactions at which a step does not wait for more, and at which the socket is paused while another
 * one is being stored. Where rows have series of their own, larger steps are no cheaper by the row, and only take more memory: each pair
 * stands in the batch, in the record and in the messages to the store.
 */
const HIGH_PAIRS = 10_000;

const NOTHING_KNOWN: EntityLookup = {
  get: () => undefined,
  keyOfToken: () => undefined,
  replacementOf: () => undefined,
};

/** Milliseconds from the start of a step of so many rows to that of the next. */
function spacingAfter(rows: number): number {
  return Math.min(LONGEST_SPACING, Math.max(SHORTEST_SPACING, rows / ROWS_PER_MILLISECOND));
}

/**
 * Stores what it takes in, step by step, in order (W3): one step is under way, and everything that comes meanwhile is
 * merged into the next. It lives as long as the process; claims and streams come and go.
 */
export class Writer {
  readonly #store: StateStore;
  readonly #observer: PipelineObserver;
  readonly #inputs = new Subject<WriterInput>();
  readonly #stored = new Subject<Stored>();
  readonly #failed = new Subject<unknown>();
  #state: AggregateState | null = null;
  #fold: SpendFold | null = null;
  #storing: StepStoring | null = null;
  #gathering: Batch | null = null;
  #underWay: Batch | null = null;
  #gathered: Lsn = LSN_ZERO;
  #clockOffset = 0;
  #settled: Promise<unknown> = Promise.resolve();
  /** True while a stream is open: the state is then told to be as new as the clock. */
  following = false;

  constructor(store: StateStore, observer: PipelineObserver) {
    this.#store = store;
    this.#observer = observer;
    this.#inputs
      .pipe(
        conflate({
          open: () => this.#openBatch(),
          add: (batch, input: WriterInput) => this.#add(batch, input),
          ready: (batch) => batch.urgent && this.#storing !== null,
          project: (batch) => this.#project(batch),
          spacing: ({ rows }) => spacingAfter(rows),
          full: ({ delta }) => delta.pairs > HIGH_PAIRS,
          // At the end of the turn, so that all that one read of the socket brings goes together.
          scheduler: asapScheduler,
        }),
      )
      .subscribe(this.#stored);
  }

  /** Steps that were stored. */
  get stored(): Observable<Stored> {
    return this.#stored;
  }

  /** Why a claim has ended: fenced, the store went elsewhere, or it refuses. */
  get failed(): Observable<unknown> {
    return this.#failed;
  }

  /** A transaction counts when its commit LSN >= this. */
  get next(): Lsn {
    return this.#gathered;
  }

  /** Where the store stands; null without a claim. */
  get checkpoint(): Checkpoint | null {
    return this.#storing?.checkpoint ?? null;
  }

  /** PostgreSQL's time now, in milliseconds. */
  get clock(): number {
    return Date.now() + this.#clockOffset;
  }

  /** Since when a step can't be stored, by this process's clock in milliseconds; null while all is well. */
  get blockedSince(): number | null {
    return this.#storing?.blockedSince ?? null;
  }

  /** The step that is under way, answered or not; null when none is. */
  get stepUnderWay(): StepUnderWay | null {
    return this.#storing?.underWay ?? null;
  }

  /** True while the stream should be held: a step is under way, and enough has been gathered behind it. */
  get full(): boolean {
    const gathered = this.#gathering;
    return (
      this.#underWay !== null && gathered !== null && (gathered.size > HIGH_SIZE || gathered.delta.pairs > HIGH_PAIRS)
    );
  }

  /** True when nothing that was taken in waits to be stored. */
  get idle(): boolean {
    return this.#underWay === null && this.#gathering?.urgent !== true;
  }

  /** Tells PostgreSQL's time, from which windows and ages are told. */
  setClock(serverTime: number): void {
    this.#clockOffset = serverTime - Date.now();
  }

  /** Starts to write under a claim, from where the store stands. @throws ExporterFailure when there is no state. */
  attach(claim: WriterClaim): void {
    const state = this.#store.state;
    if (!(state instanceof AggregateState)) {
      throw new ExporterFailure({ kind: 'store-format', message: 'there is no state to write to' });
    }
    this.#storing?.stop();
    this.#state = state;
    this.#fold = new SpendFold(state.settings);
    this.#fold.moveClock(this.clock);
    this.#storing = new StepStoring(this.#store, state, claim, this.#observer);
    this.#gathered = claim.checkpoint.next;
    this.#discard();
  }

  /** Gives the claim up and forgets what is not stored. Resolves when no step is under way. */
  async detach(): Promise<void> {
    this.#storing?.stop();
    this.#storing = null;
    this.#discard();
    await this.#settled;
  }

  /** Forgets what the end of a stream left gathered: it was never confirmed, so it comes again. The claim stays. */
  async rewind(): Promise<void> {
    this.#discard();
    await this.#settled;
    this.#discard();
    if (this.#storing !== null) this.#gathered = this.#storing.checkpoint.next;
  }

  take(input: WriterInput): void {
    if (this.#storing !== null) this.#inputs.next(input);
  }

  /** What the next transaction folds with. @throws ExporterFailure without a claim. */
  context(): FoldContext {
    if (this.#storing === null || this.#fold === null || this.#gathering === null) {
      throw new ExporterFailure({ kind: 'stream-broken', message: 'a stream is being read without a claim' });
    }
    const { schema } = this.#storing.checkpoint.source;
    return { fold: this.#fold, schema, entities: this.#gathering.entities };
  }

  #openBatch(): Batch {
    this.#gathering = new Batch(this.#gathering?.entities ?? this.#state?.entities ?? NOTHING_KNOWN);
    return this.#gathering;
  }

  #discard(): void {
    this.#gathering?.reset(this.#underWay?.entities ?? this.#state?.entities ?? NOTHING_KNOWN);
    this.#observer.inFlight(this.#underWay?.rows ?? 0);
  }

  #add(batch: Batch, input: WriterInput): void {
    try {
      batch.add(input);
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (batch.endLsn !== null && batch.endLsn > this.#gathered) this.#gathered = batch.endLsn;
    if (input.kind === 'tick') this.#tick(batch);
    this.#observer.inFlight(batch.rows + (this.#underWay?.rows ?? 0));
  }

  /** Windows move on without a stream, too; what the state knows of the server does not. */
  #tick(batch: Batch): void {
    this.#fold?.moveClock(this.clock);
    if (this.following) batch.delta.figures.followed_until = this.clock;
  }

  #fail(error: unknown): void {
    this.#storing = null;
    if (this.#failed.observed) this.#failed.next(error);
    else this.#tell(error);
  }

  /** Between two streams nobody listens; that another writer has taken over is counted all the same (W4). */
  #tell(error: unknown): void {
    this.#observer.error(error instanceof ExporterFailure ? error.explain() : String(error));
    if (isFailure(error, 'fenced')) this.#observer.fenced();
  }

  #project(batch: Batch): Observable<Stored> {
    const stored = this.#storeBatch(batch);
    this.#settled = stored;
    return from(stored).pipe(filter((outcome) => outcome !== null));
  }

  async #storeBatch(batch: Batch): Promise<Stored | null> {
    const storing = this.#storing;
    if (storing === null) return null;
    this.#underWay = batch;
    try {
      return await storing.store(batch, this.clock);
    } catch (error) {
      // A claim that has ended meanwhile may fail as it likes.
      if (this.#storing === storing) this.#fail(error);
      return null;
    } finally {
      this.#underWay = null;
      if (this.#state !== null) this.#gathering?.rebase(this.#state.entities);
      this.#observer.inFlight(this.#gathering?.rows ?? 0);
    }
  }
}
