import { type Lsn, lsnDistance, type SlotFacts } from '@app/change';

/** How far a slot is behind the end of the log, in bytes. */
export interface SlotLag {
  /** Log that was written since the position we confirmed last: ours to answer for. Null where the slot says none. */
  readonly confirmed: number | null;
  /** Log that PostgreSQL keeps for the slot; it may wait for somebody's transaction too. Null for a lost slot. */
  readonly retained: number | null;
}

/** Tells how far a slot is behind. */
export function slotLag(slot: SlotFacts, walEnd: Lsn): SlotLag {
  const behind = (position: Lsn | null): number | null => (position === null ? null : lsnDistance(position, walEnd));
  return { confirmed: behind(slot.confirmedFlush), retained: behind(slot.restartLsn) };
}

/**
 * True where our own confirmed position lags by more than `limit` bytes (REPLICATION_MAX_RETAINED_BYTES; 0 = off). What
 * the restart position holds back beyond that is never a reason to drop the slot: the next one would have to wait for the
 * same transaction.
 */
export function lagsTooFar(slot: SlotFacts, walEnd: Lsn, limit: number): boolean {
  const { confirmed } = slotLag(slot, walEnd);
  return limit > 0 && confirmed !== null && confirmed > limit;
}

/**
 * Counts looks in a row at which the slot lagged too far and did not catch up. A burst of log that a stream is working off
 * is none of that: what shrinks needs no help.
 */
export class SlotLagWatch {
  readonly #limit: number;
  #looks = 0;
  #lag = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @returns how many looks in a row, this one included; 0 where all is well */
  observe(slot: SlotFacts | null, walEnd: Lsn): number {
    const before = this.#lag;
    this.#lag = slot === null ? 0 : (slotLag(slot, walEnd).confirmed ?? 0);
    if (slot === null || !lagsTooFar(slot, walEnd, this.#limit)) this.#looks = 0;
    else this.#looks = this.#lag < before ? 1 : this.#looks + 1;
    return this.#looks;
  }
}
