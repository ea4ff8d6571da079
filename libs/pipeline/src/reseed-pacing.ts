const FIRST_PAUSE = 10_000;
const LONGEST_PAUSE = 600_000;
const HOUR = 3_600_000;
const MOST_PER_HOUR = 6;

/**
 * How long to wait before an automatic seed may start: the first at once, the next after 10 s, then doubling to 10 min,
 * at most 6 an hour.
 *
 * @param starts times of the automatic seeds so far, ascending, in milliseconds
 * @returns milliseconds from `now`; 0 when it may start
 */
export function pauseBeforeSeed(starts: readonly number[], now: number): number {
  const recent = starts.filter((start) => now - start < HOUR);
  const last = recent.at(-1);
  if (last === undefined) return 0;
  const doubled = Math.min(FIRST_PAUSE * 2 ** (recent.length - 1), LONGEST_PAUSE);
  const spaced = Math.max(0, last + doubled - now);
  const oldest = recent.at(-MOST_PER_HOUR);
  const capped = oldest === undefined ? 0 : Math.max(0, oldest + HOUR - now);
  return Math.max(spaced, capped);
}
