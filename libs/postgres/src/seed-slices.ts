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
  /** Milliseconds of startTime that the next slice covers. */
  readonly length: number;
  /** The slice at `from` has been lost this many times. */
  readonly losses: number;
  readonly done: boolean;
}

/** What a slice should take, in milliseconds: short for LiteLLM's migrations, long enough for the round trips to be nothing. */
export const SLICE_TARGET_MS = 1_000;
/** After this the server ends a slice by itself; with what comes after it, no lock is held for 5 s (W11). */
export const SLICE_LIMIT_MS = 4_500;

const FIRST_LENGTH = 10 * 60_000;
const LONGEST_GROWTH = 8;
const SHORTEST_LENGTH = 1;

/** A plan for the rows from `since` to `last`, oldest first. */
export function planSlices(since: number, last: number): SlicePlan {
  return { from: since, last, length: FIRST_LENGTH, losses: 0, done: false };
}

/** The slice to read next. The one that reaches `last` has no end, for rows at infinity. */
export function nextSlice(plan: SlicePlan): Slice {
  const until = plan.from + plan.length;
  return { from: plan.from, until: until > plan.last ? null : until };
}

/** The plan after a slice that took `elapsed` milliseconds: the next is as long as fits the target, within limits. */
export function afterSlice(plan: SlicePlan, elapsed: number): SlicePlan {
  const slice = nextSlice(plan);
  const factor = Math.min(LONGEST_GROWTH, SLICE_TARGET_MS / Math.max(elapsed, 1));
  // Growth by halves: the next hour may be busier than this one.
  const length = Math.max(SHORTEST_LENGTH, Math.round(plan.length * (factor > 1 ? (1 + factor) / 2 : factor)));
  return { ...plan, from: slice.until ?? plan.last, length, losses: 0, done: slice.until === null };
}

/** The plan after a slice that took too long: half of it comes next. Null where it can't be halved any more. */
export function afterLoss(plan: SlicePlan): SlicePlan | null {
  // What reaches beyond the last row would be halved in vain.
  const length = Math.min(plan.length, Math.max(plan.last - plan.from, 0) + 1);
  if (length <= SHORTEST_LENGTH) return null;
  return { ...plan, length: Math.floor(length / 2), losses: plan.losses + 1 };
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
