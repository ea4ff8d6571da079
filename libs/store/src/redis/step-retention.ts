import type { LogEntry } from './step-log.js';

/** What is known of one entry of the log. */
interface Kept {
  readonly version: number;
  readonly storedAt: number;
  readonly bytes: number;
  readonly parts: readonly string[];
}

/** How much of the log is kept for readers that come to it later than the base. */
export interface RetentionLimits {
  readonly keepLog: number;
  readonly keepLogBytes: number;
}

/** Which entries of the log may go. Times are of any clock that only grows, in milliseconds. */
export class StepRetention {
  readonly #limits: RetentionLimits;
  #kept: Kept[] = [];
  #bytes = 0;

  constructor(limits: RetentionLimits) {
    this.#limits = limits;
  }

  add(entry: Pick<LogEntry, 'bytes' | 'parts'>, version: number, now: number): void {
    this.#kept.push({ version, storedAt: now, bytes: entry.bytes, parts: entry.parts });
    this.#bytes += entry.bytes;
  }

  /**
   * The entries that nobody needs once the base holds everything up to `base`: older than a reader may be behind, or
   * more than the log may hold. They are forgotten by {@link forget} when they have gone.
   */
  trim(base: number, now: number): { readonly keep: number; readonly parts: readonly string[] } {
    const parts: string[] = [];
    let bytes = this.#bytes;
    for (const entry of this.#kept) {
      const needed = now - entry.storedAt < this.#limits.keepLog && bytes <= this.#limits.keepLogBytes;
      if (entry.version > base || needed) return { keep: entry.version, parts };
      bytes -= entry.bytes;
      parts.push(...entry.parts);
    }
    return { keep: base + 1, parts };
  }

  forget(keep: number): void {
    this.#kept = this.#kept.filter((entry) => entry.version >= keep);
    this.#bytes = this.#kept.reduce((sum, entry) => sum + entry.bytes, 0);
  }
}
