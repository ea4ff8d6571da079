import { setTimeout as pause } from 'node:timers/promises';
import type { StateStore } from '@app/aggregates';
import type { PipelineObserver } from './observer.js';

/** Milliseconds between two looks for a first state; a look at a store without one is a single read. */
const LOOK_MS = 1_000;

/**
 * Why a process that waits for the claim has nothing to serve; null where it has a state.
 * A store of its own never gets one while it waits; a shared one is at its first seed, as a rule, or is not the leader's at all.
 */
export function whyNothingToServe({ state, durability }: Pick<StateStore, 'state' | 'durability'>): string | null {
  if (state !== null) return null;
  return durability === 'process'
    ? 'no state to serve: another exporter consumes the slot, and without Redis the two share nothing; stop the other one, or set REPLICATION_SLOT to a name of its own'
    : 'no state to serve yet: another exporter consumes the slot, and Redis holds no whole state under REDIS_KEY_PREFIX; as a rule its first seed is not finished, and this one is ready seconds after that; if the other one is ready already, it keeps its state elsewhere: set REDIS_URL and REDIS_KEY_PREFIX alike for both, or REPLICATION_SLOT to a name of its own';
}

/**
 * The time in which another process has the claim and this one waits for it. While there is nothing to serve, the shared
 * store is asked each second: a pod that is not ready gets no scrape through its Service, so nobody else would ask.
 */
export class Following {
  readonly #store: StateStore;
  readonly #observer: PipelineObserver;
  readonly #over = new AbortController();
  #told = false;

  constructor(store: StateStore, observer: PipelineObserver) {
    this.#store = store;
    this.#observer = observer;
  }

  /** Another process has the claim; told again while it lasts, which makes a warning of what is missing. */
  tell(): void {
    this.#observer.dependency('postgres', true);
    this.#observer.following();
    if (this.#store.durability === 'process') return;
    void (this.#told ? this.#stillMissing() : this.#watchState());
    this.#told = true;
  }

  /** The wait has ended, by the claim or by a failure. */
  end(): void {
    this.#over.abort();
  }

  async #stillMissing(): Promise<void> {
    if (await this.#look()) this.#sayWhy((line) => this.#observer.warn(line));
  }

  async #watchState(): Promise<void> {
    const { signal } = this.#over;
    if (await this.#look()) this.#sayWhy((line) => this.#observer.info(line));
    while (!signal.aborted) {
      const missing = this.#store.state === null;
      await pause(LOOK_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      if (this.#store.state === null) await this.#look();
      if (missing && this.#store.state !== null) {
        this.#observer.info('a whole state is stored now, and this process has read it: it is ready');
      }
    }
  }

  /** Whether the store could be read; that it can't is told where it is scraped. */
  #look(): Promise<boolean> {
    return this.#store.refresh().then(
      () => true,
      () => false,
    );
  }

  #sayWhy(say: (line: string) => void): void {
    const why = whyNothingToServe(this.#store);
    if (why !== null && !this.#over.signal.aborted) say(why);
  }
}
