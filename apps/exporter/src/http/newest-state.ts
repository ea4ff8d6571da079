import { setTimeout as pause } from 'node:timers/promises';
import { type RecordedState, StateStore } from '@app/aggregates';
import { ExporterFailure } from '@app/change';
import { SelfMetrics } from '@app/metrics';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { whyNotOurs } from '../report/state-owner.js';
import { StatusBoard } from '../report/status-board.js';
import { ageOf } from './state-age.js';

/** How old a state may be that is served while the store can't be read, in milliseconds (`STATE_MAX_STALENESS`). */
export const MAX_STALENESS = Symbol('MAX_STALENESS');

/** How often it is said why no state is shown. */
const SAY_MS = 60_000;
/** How long an answer waits for the store that is worth giving without it, too. */
const LOOK_MS = 2_000;

/** True while a state that the store can't vouch for may be served: 0 never allows it (W7). */
export function mayServeStale(age: number, maxStaleness: number): boolean {
  return maxStaleness > 0 && age <= maxStaleness;
}

/** The state that a scrape shows, and that whoever else is asked should speak of. */
@Injectable()
export class NewestState {
  readonly #log = new Logger('metrics');
  readonly #store: StateStore;
  readonly #metrics: SelfMetrics;
  readonly #board: StatusBoard;
  readonly #maxStaleness: number;
  /** Why the store could not be read last; null where it could. */
  #unreadable: string | null = null;
  #saidAt = Number.NEGATIVE_INFINITY;

  constructor(
    store: StateStore,
    metrics: SelfMetrics,
    board: StatusBoard,
    @Inject(MAX_STALENESS) maxStaleness: number,
  ) {
    this.#store = store;
    this.#metrics = metrics;
    this.#board = board;
    this.#maxStaleness = maxStaleness;
  }

  /**
   * The newest state there is; null shows the process alone: nothing is seeded yet (W6), the state is another deployment's
   * (W5), or the store can't be read and what we have is older than may be served without it (W7).
   *
   * @throws what is no failure of the store
   */
  async read(): Promise<RecordedState | null> {
    try {
      await this.#store.refresh();
    } catch (error) {
      if (!(error instanceof ExporterFailure) || !error.kind.startsWith('store-')) throw error;
      return this.#withoutStore(error);
    }
    if (this.#store.durability === 'external') this.#metrics.dependency('redis', true);
    if (this.#unreadable !== null) {
      this.#unreadable = null;
      this.#log.log('the stored state is read again');
    }
    if (this.#isForeign()) return null;
    this.#tellAge();
    return this.#store.state;
  }

  /**
   * Brings what is in memory up to date as {@link read} does, for an answer that does not depend on it: a replica that is not
   * scraped would tell of an old state otherwise. Never rejects, and takes 2 s at most.
   *
   * @returns why what is in memory may be older than what is stored; null where it is not
   */
  async look(): Promise<string | null> {
    // At the start the whole state is being read already.
    if (this.#store.state === null && this.#board.status.phase === 'connecting') return null;
    const read = this.read().then(
      () => this.#unreadable,
      (error: unknown) => {
        this.#log.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
        return 'something unforeseen went wrong; the log says what';
      },
    );
    const waiting = new AbortController();
    const late = pause(LOOK_MS, `it was not read within ${LOOK_MS / 1000} s`, { signal: waiting.signal });
    const why = await Promise.race([read, late.catch(() => null)]);
    waiting.abort();
    return why === null ? null : `the stored state may be newer than the one told of here: ${why}`;
  }

  /** Tells also whether there is anything to serve, as /readyz does. */
  #isForeign(): boolean {
    const why = whyNotOurs(this.#store, this.#board.status);
    this.#metrics.ready(why === null && this.#store.state !== null);
    if (why === null) return false;
    this.#seldom(`no family of LiteLLM is shown: ${why}`);
    return true;
  }

  #withoutStore(failure: ExporterFailure): RecordedState | null {
    this.#unreadable = failure.explain();
    this.#metrics.dependency('redis', false);
    if (this.#isForeign()) return null;
    const age = this.#tellAge();
    // A state of a newer format was stored by another process: this one is not alone.
    const alone = failure.kind !== 'store-format';
    const stale = alone && age !== null && mayServeStale(age, this.#maxStaleness);
    const served = stale
      ? `the last state is served, ${(age / 1000).toFixed(0)} s old`
      : 'no family of LiteLLM is shown';
    this.#seldom(`the stored state can't be read, so ${served}: ${failure.explain()}`);
    return stale ? this.#store.state : null;
  }

  #seldom(line: string): void {
    if (performance.now() - this.#saidAt < SAY_MS) return;
    this.#saidAt = performance.now();
    this.#log.warn(line);
  }

  /** The age grows while the store can't be read, too: that is what the alert on stale state looks at. */
  #tellAge(): number | null {
    const { state } = this.#store;
    if (state === null) return null;
    const age = ageOf(state, Date.now());
    this.#metrics.stateAge(age / 1000);
    return age;
  }
}
