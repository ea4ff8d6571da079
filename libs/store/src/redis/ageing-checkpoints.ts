import type { Lsn } from '@app/change';

/**
 * Knows which of the checkpoints that were stored one after the other is old enough to count as durable. It remembers
 * that one and those after it: as many as are stored while one ages, and no more. Times are of any clock that only
 * grows, in milliseconds.
 */
export class AgeingCheckpoints {
  #stored: { readonly next: Lsn; readonly at: number }[] = [];

  /** @param age at which a checkpoint counts. */
  constructor(private readonly age: number) {}

  /** How many it remembers. */
  get size(): number {
    return this.#stored.length;
  }

  /** Notes that a checkpoint has been stored. */
  add(next: Lsn, now: number): void {
    this.#forgetOlder(now);
    this.#stored.push({ next, at: now });
  }

  /** The newest that is old enough; null where none is. */
  oldEnough(now: number): Lsn | null {
    this.#forgetOlder(now);
    const [oldest] = this.#stored;
    return oldest !== undefined && oldest.at <= now - this.age ? oldest.next : null;
  }

  clear(): void {
    this.#stored = [];
  }

  /** What is older than the newest that counts is of no use any more. */
  #forgetOlder(now: number): void {
    const aged = this.#stored.findLastIndex(({ at }) => at <= now - this.age);
    if (aged > 0) this.#stored = this.#stored.slice(aged);
  }
}
