import type { RecordedState } from '@app/aggregates';
import type { Dialect } from './dialect.js';
import type { RenderedState } from './rendered-state.js';

/** Rendered states that may be in memory at a time, those still being sent to slow clients included (W9). */
const LIVE = 2;

/** A rendered state that stays in memory until it is released; releasing twice does nothing. */
export interface Lease {
  readonly rendered: RenderedState;
  release(): void;
}

interface Entry {
  readonly state: RecordedState;
  readonly version: number;
  readonly dialect: Dialect;
  readonly rendering: Promise<RenderedState>;
  users: number;
  /** What the rendering came to. */
  rendered: RenderedState | null;
}

/** Renders a state; see `StateRenderer.render`. */
export type Render = (state: RecordedState, dialect: Dialect) => Promise<RenderedState>;

/**
 * Rendered states, found again while the state has not moved on: scrapers that come together share one rendering. At
 * most two live at a time; who needs a third waits until a client of an older one has got it all, or has been cut.
 */
export class ExpositionCache {
  readonly #entries: Entry[] = [];
  readonly #waiting: (() => void)[] = [];

  constructor(private readonly render: Render) {}

  /** How many rendered states are in memory. */
  get live(): number {
    return this.#entries.length;
  }

  /**
   * The state as it is now, or newer.
   *
   * @throws what rendering throws, and the signal's reason when it fires while waiting.
   */
  async acquire(state: RecordedState, dialect: Dialect, signal?: AbortSignal): Promise<Lease> {
    this.#removeOutdated(state);
    let entry = this.#find(state, dialect);
    while (entry === undefined && !this.#makeRoom()) {
      await this.#roomOrAbort(signal);
      entry = this.#find(state, dialect);
    }
    entry ??= this.#add(state, dialect);
    entry.users += 1;
    try {
      entry.rendered = await entry.rendering;
      return this.#lease(entry, entry.rendered);
    } catch (error) {
      this.#remove(entry);
      throw error;
    }
  }

  #find(state: RecordedState, dialect: Dialect): Entry | undefined {
    return this.#entries.find(
      (entry) => entry.state === state && entry.version === state.version && entry.dialect === dialect,
    );
  }

  /** Nobody will ask for them any more, and their memory goes to what is rendered next. */
  #removeOutdated(state: RecordedState): void {
    const isOutdated = (entry: Entry): boolean => entry.state !== state || entry.version !== state.version;
    for (const entry of this.#entries.filter((one) => one.users === 0 && isOutdated(one))) this.#remove(entry);
  }

  /** True when there is room for one more, made by forgetting one that nobody uses. */
  #makeRoom(): boolean {
    if (this.#entries.length < LIVE) return true;
    const unused = this.#entries.find((entry) => entry.users === 0);
    if (unused === undefined) return false;
    this.#remove(unused);
    return true;
  }

  #add(state: RecordedState, dialect: Dialect): Entry {
    const { version } = state;
    const entry: Entry = { state, version, dialect, rendering: this.render(state, dialect), users: 0, rendered: null };
    this.#entries.push(entry);
    return entry;
  }

  #remove(entry: Entry): void {
    const at = this.#entries.indexOf(entry);
    if (at === -1) return;
    this.#entries.splice(at, 1);
    entry.rendered?.discard();
    this.#wake();
  }

  #lease(entry: Entry, rendered: RenderedState): Lease {
    let released = false;
    const release = (): void => {
      if (released) return;
      released = true;
      entry.users -= 1;
      if (entry.users === 0) this.#wake();
    };
    return { rendered, release };
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async #roomOrAbort(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
      signal?.addEventListener('abort', () => resolve(), { once: true });
    });
    signal?.throwIfAborted();
  }
}
