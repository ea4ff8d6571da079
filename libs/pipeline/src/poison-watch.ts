import type { Lsn } from '@app/change';

/** Positions remembered at most; a stream breaks at one or two of them, if at all. */
const MOST = 100;

/**
 * Remembers at which commits the stream could not be put together. The first time a new stream may bring it whole; the
 * same position failing twice is passed over (W10), so that it can't stop the stream. It outlives the streams.
 */
export class PoisonWatch {
  readonly #failed = new Set<Lsn>();

  /** Notes a failure. @returns true when this position has failed before. */
  failsAgain(position: Lsn): boolean {
    if (this.#failed.has(position)) return true;
    if (this.#failed.size >= MOST) this.#failed.clear();
    this.#failed.add(position);
    return false;
  }
}
