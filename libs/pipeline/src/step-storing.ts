import { setTimeout as pause } from 'node:timers/promises';
import {
  type AggregateState,
  inTurns,
  type StateRecord,
  type StateStore,
  type Step,
  StepPreparation,
  type Work,
} from '@app/aggregates';
import { type Checkpoint, type Epoch, ExporterFailure, isFailure, type Lsn } from '@app/change';
import type { Batch } from './batch.js';
import { StepBroken } from './broken-step.js';
import type { PipelineObserver } from './observer.js';
import type { StepUnderWay } from './step-patience.js';

/** What a step has come to. */
export interface Stored {
  /** The checkpoint's position afterwards. */
  readonly next: Lsn;
  readonly transactions: number;
}

const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 1_000;

/** Prepares and stores the steps of one claim, one at a time; while the store can't be reached it tries again. */
export class StepStoring {
  readonly #store: StateStore;
  readonly #observer: PipelineObserver;
  readonly #preparation: StepPreparation;
  readonly #epoch: Epoch;
  #checkpoint: Checkpoint;
  #underWay: StepUnderWay | null = null;
  #blockedSince: number | null = null;
  #stopped = false;

  constructor(
    store: StateStore,
    state: AggregateState,
    claim: { readonly epoch: Epoch; readonly checkpoint: Checkpoint },
    observer: PipelineObserver,
  ) {
    this.#store = store;
    this.#observer = observer;
    this.#preparation = new StepPreparation(state);
    this.#epoch = claim.epoch;
    this.#checkpoint = claim.checkpoint;
  }

  get checkpoint(): Checkpoint {
    return this.#checkpoint;
  }

  /** Since when a step can't be stored, by this process's clock; null while all is well. */
  get blockedSince(): number | null {
    return this.#blockedSince;
  }

  /** The step that is being made and stored, answered or not; null when none is. */
  get underWay(): StepUnderWay | null {
    return this.#underWay;
  }

  /** Lets go of a step that waits for the store. */
  stop(): void {
    this.#stopped = true;
  }

  /**
   * Stores a batch as one step.
   *
   * @returns null when it was stopped meanwhile: the step may or may not be stored
   * @throws ExporterFailure `fenced`, `checkpoint-mismatch`, `store-refused`, `store-format`; StepBroken for any other error
   */
  async store(batch: Batch, clock: number): Promise<Stored | null> {
    try {
      return await this.#prepareAndStore(batch, clock);
    } catch (error) {
      throw error instanceof ExporterFailure ? error : new StepBroken(this.#checkpoint.next, error);
    }
  }

  async #prepareAndStore(batch: Batch, clock: number): Promise<Stored | null> {
    const started = performance.now();
    this.#underWay = { since: Date.now(), size: batch.size };
    try {
      const record = await inTurns(this.#record(batch, clock), () => this.#stopped);
      if (record === null) return null;
      const next = batch.endLsn !== null && batch.endLsn > this.#checkpoint.next ? batch.endLsn : this.#checkpoint.next;
      const commitTime = batch.commitTime ?? this.#checkpoint.commitTime;
      const checkpoint: Checkpoint = { ...this.#checkpoint, next, commitTime };
      if (!(await this.#commit({ epoch: this.#epoch, prev: this.#checkpoint.next, checkpoint, record }))) return null;
      this.#checkpoint = checkpoint;
    } finally {
      this.#underWay = null;
    }
    this.#observer.stored(batch.rows, (performance.now() - started) / 1000);
    return { next: this.#checkpoint.next, transactions: batch.transactions };
  }

  *#record(batch: Batch, clock: number): Work<StateRecord> {
    return yield* this.#preparation.preparing({ ...(yield* batch.whole()), clock });
  }

  async #commit(step: Step): Promise<boolean> {
    for (let wait = FIRST_PAUSE; !this.#stopped; wait = Math.min(wait * 2, LONGEST_PAUSE)) {
      try {
        await this.#store.commit(step);
        this.#reachable();
        return true;
      } catch (error) {
        if (!isFailure(error, 'store-unavailable')) throw error;
        if (this.#blockedSince === null) {
          this.#blockedSince = Date.now();
          this.#observer.warn(`the state can't be stored, trying again: ${error.message}`);
          this.#observer.dependency('redis', false);
        }
        this.#observer.storeError(error.kind);
        await pause(wait);
      }
    }
    return false;
  }

  #reachable(): void {
    if (this.#blockedSince === null) return;
    this.#observer.info(`the state is stored again after ${((Date.now() - this.#blockedSince) / 1000).toFixed(1)} s`);
    this.#observer.dependency('redis', true);
    this.#blockedSince = null;
  }
}
