import { setFlagsFromString } from 'node:v8';

/** How much the heap may grow beyond what lives in it until V8 collects the garbage of its old generation. */
export const SMALL_GROWTH = '--heap-growing-percent=10';
/** V8's own choice. */
export const OWN_GROWTH = '--heap-growing-percent=0';

/**
 * Keeps the process small, at all times but in a seed. On a machine with much memory V8 lets garbage grow to three times of what lives, which for
 * 120,000 series are hundreds of megabytes that are of no use; in a small container it is nearly as thrifty as this by itself. A share,
 * and no limit of the heap: a state of a million keys may be as large as it has to. V8 looks at the flag each time when it has collected.
 */
export function keepHeapSmall(): void {
  setFlagsFromString(SMALL_GROWTH);
}

/** Leaves V8 its way: in a seed nearly all that it would look at lives, and looking at it more often takes a third more processor. */
export function letHeapGrow(): void {
  setFlagsFromString(OWN_GROWTH);
}
