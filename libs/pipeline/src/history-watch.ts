/** Rows of history after which a seed takes the table as it is (METRICS.md section 1). */
const MANY = 1_000;
/** Milliseconds without another such row that must pass first. */
const QUIET = 60_000;

/**
 * Notices a backfill: more than {@link MANY} rows of history since the last seed, and then {@link QUIET} ms without one.
 * Told the running count of history rows since the seed; pure but for what it remembers.
 */
export class HistoryWatch {
  #rows = 0;
  #lastGrowth = 0;

  /** @returns true when a new seed is due. */
  observe(rowsSinceSeed: number, now: number): boolean {
    if (rowsSinceSeed !== this.#rows) {
      this.#rows = rowsSinceSeed;
      this.#lastGrowth = now;
      return false;
    }
    return this.#rows > MANY && now - this.#lastGrowth >= QUIET;
  }
}
