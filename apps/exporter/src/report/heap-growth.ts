import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** By how many percent the heap may grow beyond what lives in it until V8 collects the garbage of its old generation. */
export const SMALL_GROWTH = 10;
/** Stands for V8's own choice. */
export const OWN_GROWTH = 0;

/** What heap and buffers may take together, garbage included, before V8 has to be thrifty. */
const ROOM = 128 * 1024 * 1024;
const LARGEST_GROWTH = 60;

/** The flag that sets a growth; V8 looks at it each time when it has collected. */
export function growthFlag(percent: number): string {
  return `--heap-growing-percent=${percent}`;
}

/**
 * Keeps the process small, at all times but in a seed. On a machine with much memory V8 lets garbage grow to three times of what lives, which for
 * 120,000 series are hundreds of megabytes that are of no use; in a small container it is nearly as thrifty as this by itself. A share,
 * and no limit of the heap: a state of a million keys may be as large as it has to.
 */
export function keepHeapSmall(): void {
  setFlagsFromString(growthFlag(SMALL_GROWTH));
}

/**
 * What a process that reads the stream may let its heap grow by: {@link SMALL_GROWTH}, and more as long as all that is there has room.
 * Where little lives, a tenth of it is soon full, and the collections took a tenth of a catch-up.
 *
 * @param used bytes of heap and buffers
 */
export function growthFor(used: number): number {
  const fitting = Math.floor((100 * (ROOM - used)) / used);
  return Math.min(LARGEST_GROWTH, Math.max(SMALL_GROWTH, fitting));
}

/** Sets the growth to what fits now: {@link growthFor}. */
export function fitHeapGrowth(): void {
  const { used_heap_size: heap, external_memory: buffers } = getHeapStatistics();
  setFlagsFromString(growthFlag(growthFor(heap + buffers)));
}

/** Leaves V8 its way: in a seed nearly all that it would look at lives, and looking at it more often takes a third more processor. */
export function letHeapGrow(): void {
  setFlagsFromString(growthFlag(OWN_GROWTH));
}

/**
 * Collects all garbage, in one turn of the event loop: a millisecond for each MB that lives, at most. V8 would leave it until the heap is
 * as large as it was allowed to become in a seed, which may be never. Contexts that are made while the flag is set have a function for it.
 */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  collect();
}
