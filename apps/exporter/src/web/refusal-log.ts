import type { RefusalReason } from './request-gate.js';

const SAY_EVERY = 60_000;

/** Tells of refused requests: the first at once, those that follow added up once a minute. */
export class RefusalLog {
  readonly #say: (line: string) => void;
  readonly #now: () => number;
  readonly #counts = new Map<RefusalReason, number>();
  #saidAt = Number.NEGATIVE_INFINITY;

  constructor(say: (line: string) => void, now: () => number = Date.now) {
    this.#say = say;
    this.#now = now;
  }

  /** @param from the client's address; nothing else of a request is repeated, as a password may stand anywhere in it. */
  add(reason: RefusalReason, from: string): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
    if (this.#now() - this.#saidAt < SAY_EVERY) return;
    this.#saidAt = this.#now();
    const counts = [...this.#counts].map(([name, count]) => `${count} for ${name}`).join(', ');
    this.#counts.clear();
    this.#say(`requests refused: ${counts}; the last from ${from}`);
  }
}
