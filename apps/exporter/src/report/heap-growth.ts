import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** By how many percent the heap may grow beyond what lives in it until V8 collects the garbage of its old generation. */
export const SMALL_GROWTH = 10;
/** Stands for V8's own choice. */
export const OWN_GROWTH = 0;

/** What heap and buffers may take together, garbage included, before V8 has to be thrifty. */
const ROOM = 128 * 1024 * 1024;
const LARGEST_GROWTH = 60;

/** What can be asked of a heap. */
export interface Heap {
  /** Bytes of heap and buffers, garbage included. */
  used(): number;
  /** Lets it grow by so many percent between two collections, or as V8 likes ({@link OWN_GROWTH}). */
  growBy(percent: number): void;
  /** Collects all garbage soon, in one turn of the event loop: about a millisecond for each MB that lives. */
  collect(): void;
}

/** The flag that sets a growth; V8 looks at it each time when it has collected. */
export function growthFlag(percent: number): string {
  return `--heap-growing-percent=${percent}`;
}

/** V8's heap. Contexts that are made while the flag `--expose-gc` is set have a function that collects; without one nothing is collected. */
export const v8Heap: Heap = {
  used: () => {
    const { used_heap_size: heap, external_memory: buffers } = getHeapStatistics();
    return heap + buffers;
  },
  growBy: (percent) => setFlagsFromString(growthFlag(percent)),
  collect: () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('globalThis.gc') as (() => void) | undefined;
    setFlagsFromString('--no-expose-gc');
    if (collect !== undefined) setImmediate(collect);
  },
};

/**
 * What a process that reads the stream may let its heap grow by: {@link SMALL_GROWTH}, and more as long as all that is there has room.
 * Where little lives, a tenth of it is soon full, and the collections took a tenth of a catch-up.
 *
 * @param used bytes of heap and buffers, garbage included: less is given than would fit, and never too much
 */
export function growthFor(used: number): number {
  const fitting = Math.floor((100 * (ROOM - used)) / used);
  return Math.min(LARGEST_GROWTH, Math.max(SMALL_GROWTH, fitting));
}

/**
 * Keeps the process small. On a machine with much memory V8 lets garbage grow to three times of what lives, which for 120,000 series are hundreds
 * of megabytes that are of no use; in a small container it is nearly as thrifty as this by itself. A share, and no limit of the heap: a
 * state of a million keys may be as large as it has to.
 */
export class HeapGrowth {
  readonly #heap: Heap;
  #inSeed = false;

  /** From here on, before a stored state is read: what garbage that leaves would stay for as long as the process has little to do. */
  constructor(heap: Heap = v8Heap) {
    this.#heap = heap;
    heap.growBy(SMALL_GROWTH);
  }

  /** Leaves V8 its way: in a seed nearly all that it would look at lives, and looking at it more often takes a third more processor. */
  seedStarted(): void {
    this.#inSeed = true;
    this.#heap.growBy(OWN_GROWTH);
  }

  /**
   * The process reads the stream, or waits for its turn to. What a seed has left is collected: V8 would keep it until the heap is as large
   * as it was allowed to become, which may be never.
   */
  settled(): void {
    this.#heap.growBy(SMALL_GROWTH);
    if (this.#inSeed) this.#heap.collect();
    this.#inSeed = false;
  }

  /** A step is stored: the growth is what fits now ({@link growthFor}), but in a seed, in which the old state goes on being stored. */
  stepStored(): void {
    if (!this.#inSeed) this.#heap.growBy(growthFor(this.#heap.used()));
  }
}
