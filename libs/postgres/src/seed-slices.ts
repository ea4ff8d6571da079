/** A span of startTime that one transaction reads, in milliseconds since the Unix epoch. */
export interface Slice {
  readonly from: number;
  /** Not included; null for the last slice, which has no end. */
  readonly until: number | null;
}

/** Where the reading of a span stands. */
export interface SlicePlan {
  /** Everything before this has been read. */
  readonly from: number;
  /** startTime of the last row of the span. */
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

const FIRST_ROWS = 20_000;
const MOST_ROWS = 2_000_000;
const LONGEST_GROWTH = 4;

/** A plan for the rows from `since` to `last`, oldest first. */
export function planSlices(since: number, last: number): SlicePlan {
  return { from: since, last, rows: FIRST_ROWS, losses: 0, done: false };
}

/**
 * The slice to read next.
 *
 * @param next startTime in whole milliseconds of the row that follows the plan's number of rows; null where there is
 * none: that slice has no end, for rows at infinity
 */
export function nextSlice(plan: SlicePlan, next: number | null): Slice {
  return { from: plan.from, until: next === null ? null : Math.max(next, plan.from + 1) };
}

/** The plan after a slice that took `elapsed` milliseconds: the next has as many rows as fit the target, within limits. */
export function afterSlice(plan: SlicePlan, slice: Slice, elapsed: number): SlicePlan {
  const factor = Math.min(LONGEST_GROWTH, SLICE_TARGET_MS / Math.max(elapsed, 1));
  const rows = Math.min(MOST_ROWS, Math.max(1, Math.round(plan.rows * factor)));
  return { ...plan, from: slice.until ?? plan.last, rows, losses: 0, done: slice.until === null };
}

/** The plan after a slice that took too long: a quarter of it comes next. Null where it can't be made smaller. */
export function afterLoss(plan: SlicePlan, slice: Slice | null): SlicePlan | null {
  const smallest = slice !== null && slice.until !== null && slice.until - slice.from <= 1;
  if (smallest || plan.rows <= 1) return null;
  return { ...plan, rows: Math.max(1, Math.floor(plan.rows / 4)), losses: plan.losses + 1 };
}

/** Share of the span that has been read, 0 to 1. */
export function shareOf(plan: SlicePlan, since: number): number {
  if (plan.done || plan.last <= since) return plan.done ? 1 : 0;
  return Math.min(1, Math.max(0, (plan.from - since) / (plan.last - since)));
}

/** Seconds that the rest will take; null as long as nothing can be said. */
export function etaSeconds(share: number, elapsedMs: number): number | null {
  if (share >= 1) return 0;
  if (share <= 0 || elapsedMs < SLICE_TARGET_MS) return null;
  return ((elapsedMs / share) * (1 - share)) / 1_000;
}
