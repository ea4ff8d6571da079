import type { Work } from '@app/aggregates';

type Collection = Record<string, (...args: unknown[]) => unknown>;

/** Calls of the language's collections: what large work does with each thing, whatever it is written like. */
const COUNTED = [
  [Map.prototype, 'get'],
  [Map.prototype, 'set'],
  [Map.prototype, 'has'],
  [Set.prototype, 'add'],
  [Set.prototype, 'has'],
  [Array.prototype, 'push'],
] as const;

/** Counts the calls of collections from now on, until it is disposed of. */
class CollectionCalls implements Disposable {
  calls = 0;
  readonly #restore: readonly (() => void)[];

  constructor() {
    this.#restore = COUNTED.map(([prototype, name]) => this.#watch(prototype as unknown as Collection, name));
  }

  [Symbol.dispose](): void {
    for (const restore of this.#restore) restore();
  }

  #watch(prototype: Collection, name: string): () => void {
    const own = prototype[name] as Collection[string];
    const called = (): void => {
      this.calls += 1;
    };
    prototype[name] = function (this: unknown, ...args: unknown[]): unknown {
      called();
      return own.apply(this, args);
    };
    return () => {
      prototype[name] = own;
    };
  }
}

/** How often collections are called in what is done. */
export function callsIn(does: () => void): number {
  using counted = new CollectionCalls();
  does();
  return counted.calls;
}

/** What a piece of work has come to, and what it took. */
export interface Counted<T> {
  readonly value: T;
  /** Calls of collections in all of it. */
  readonly calls: number;
  /** The most of them between two places where it is laid down. */
  readonly mostInASlice: number;
}

/** Does the work to its end, and counts what it does between two places where it is laid down: things, not time. */
export function countedInSlices<T>(work: Work<T>): Counted<T> {
  using counted = new CollectionCalls();
  let mostInASlice = 0;
  for (;;) {
    const before = counted.calls;
    const step = work.next();
    mostInASlice = Math.max(mostInASlice, counted.calls - before);
    if (step.done === true) return { value: step.value, calls: counted.calls, mostInASlice };
  }
}
