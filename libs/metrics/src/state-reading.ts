import type { StateView } from '@app/aggregates';
import type { Steps } from './steps.js';

/** How many series a family has in one answer, and how many the cap took. */
export interface SeriesCount {
  readonly shown: number;
  readonly folded: number;
}

/**
 * One scrape's reading of a state that is held still. What several families need (budgets, pairs of key labels, known
 * models) is derived once and shared; nothing outlives the reading, because joins belong to the moment of the answer.
 */
export class StateReading {
  /** Filled as families are written; the families about series read it, and therefore come last. */
  readonly counts = new Map<string, SeriesCount>();
  readonly #derived = new Map<unknown, unknown>();

  /** @param maxSeries label sets a family may have; 0 = no cap. */
  constructor(
    readonly view: StateView,
    readonly maxSeries: number,
  ) {}

  /** What `derive` makes of the view, computed at the first call and told from then on. */
  *once<T>(derive: (view: StateView) => Steps<T>): Steps<T> {
    if (!this.#derived.has(derive)) this.#derived.set(derive, yield* derive(this.view));
    return this.#derived.get(derive) as T;
  }
}
