import { LSN_ZERO, type Lsn } from '@app/change';

/**
 * The four positions of a stream, acked <= durable <= stored <= received (W2). Pure book-keeping: it says what may be
 * confirmed, and never lets a position go back.
 */
export class AcknowledgementLedger {
  #received: Lsn = LSN_ZERO;
  #stored: Lsn = LSN_ZERO;
  #durable: Lsn = LSN_ZERO;
  #acked: Lsn = LSN_ZERO;

  /** The state that the stream starts from is stored up to `start`; whether it would survive is not known yet. */
  constructor(start: Lsn) {
    this.#received = start;
    this.#stored = start;
  }

  get stored(): Lsn {
    return this.#stored;
  }

  /** 0 until the store has said what would survive its crash. */
  get durablePosition(): Lsn {
    return this.#durable;
  }

  /** A commit's end, or an idle end of the log, has arrived. */
  receive(position: Lsn): void {
    if (position > this.#received) this.#received = position;
  }

  /** The state that includes everything before `position` is stored. @throws Error for what was never received. */
  store(position: Lsn): void {
    if (position > this.#received) throw new Error('a position can be stored only after it was received');
    if (position > this.#stored) this.#stored = position;
  }

  /** The store says what would survive its crash; more than is stored counts as what is stored. */
  survive(position: Lsn): void {
    const known = position > this.#stored ? this.#stored : position;
    if (known > this.#durable) this.#durable = known;
  }

  /** What the server may be told now; null when there is nothing new. Counts as told. */
  confirmable(): Lsn | null {
    if (this.#durable <= this.#acked) return null;
    this.#acked = this.#durable;
    return this.#acked;
  }
}
