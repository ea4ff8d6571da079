/**
 * Which rows one transaction reads, in the order of `startTime`, in microseconds since the Unix epoch: as fine as the column
 * is, so that what has been read is told from what comes next.
 */
export interface Slice {
  readonly from: number;
  /**
   * Rows to read, and those that began together with the last of them; null for the last slice, which has all that are
   * left: rows of a far future or of infinity.
   */
  readonly rows: number | null;
}

/** How the reading of a slice ended. */
export interface SliceEnd {
  /** startTime of its last row, in microseconds; null where it had none. */
  readonly last: number | null;
  /** It had as many rows as were asked for, so that there may be more. */
  readonly full: boolean;
}

/** Where the reading of a span stands. */
export interface SlicePlan {
  /** Everything before this has been read, in microseconds. */
  readonly from: number;
  /** startTime of the last row of the span, in microseconds. */
  readonly last: number;
  /**
   * Rows that the next slice should have. Rows and not time: traffic comes in bursts, and a slice that is cut by time
   * meets a burst unprepared.
   */
  readonly rows: number;
  /** The slice at `from` has been lost this many times. */
  readonly losses: number;
  readonly done: boolean;
}

/** What a slice should take, in milliseconds: short for LiteLLM's migrations, long enough for the round trips to be nothing. */
export const SLICE_TARGET_MS = 1_000;
/** After this the server ends a slice by itself; with what comes after it, no lock is held for 5 s (W11). */
export const SLICE_LIMIT_MS = 4_500;
/** Microseconds from which on rows are read in one slice: later ones a double does not tell apart. */
export const FAR_FUTURE = Date.UTC(2100, 0, 1) * 1_000;

/** Rows may still come after the newest there was when the reading began. */
const MOST_BEFORE_END = 0.999;
const FIRST_ROWS = 20_000;
const MOST_ROWS = 2_000_000;
const LONGEST_GROWTH = 4;

/** A plan for the rows from `since` to `last`, oldest first. Times in whole milliseconds since the Unix epoch. */
export function planSlices(since: number, last: number): SlicePlan {
  return { from: since * 1_000, last: last * 1_000, rows: FIRST_ROWS, losses: 0, done: false };
}

/** The slice to read next. */
export function nextSlice(plan: SlicePlan): Slice {
  return { from: plan.from, rows: plan.from < FAR_FUTURE ? plan.rows : null };
}

/** The plan after a slice that took `elapsed` milliseconds: the next has as many rows as fit the target, within limits. */
export function afterSlice(plan: SlicePlan, slice: Slice, end: SliceEnd, elapsed: number): SlicePlan {
  const factor = Math.min(LONGEST_GROWTH, SLICE_TARGET_MS / Math.max(elapsed, 1));
  const rows = Math.min(MOST_ROWS, Math.max(1, Math.round(plan.rows * factor)));
  const from = end.full && end.last !== null ? end.last + 1 : FAR_FUTURE;
  return { ...plan, from, rows, losses: 0, done: slice.rows === null };
}

/** The plan after a slice that took too long: a quarter of it comes next. Null where it can't be made smaller. */
export function afterLoss(plan: SlicePlan, slice: Slice): SlicePlan | null {
  if (slice.rows === null || plan.rows <= 1) return null;
  return { ...plan, rows: Math.max(1, Math.floor(plan.rows / 4)), losses: plan.losses + 1 };
}

/** Share of the span that has been read, 0 to 1, and 1 only when nothing is left to read; `since` in milliseconds. */
export function shareOf(plan: SlicePlan, since: number): number {
  const start = since * 1_000;
  if (plan.done || plan.last <= start) return plan.done ? 1 : 0;
  return Math.min(MOST_BEFORE_END, Math.max(0, (plan.from - start) / (plan.last - start)));
}

/** Seconds that the rest will take; null as long as nothing can be said. */
export function etaSeconds(share: number, elapsedMs: number): number | null {
  if (share >= 1) return 0;
  if (share <= 0 || elapsedMs < SLICE_TARGET_MS) return null;
  return ((elapsedMs / share) * (1 - share)) / 1_000;
}
