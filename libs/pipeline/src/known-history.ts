import { type Checkpoint, formatLsn, LSN_ZERO, type Lsn, parseLsn, type SlotFacts } from '@app/change';
import type { DuplicatePiece } from './piece.js';
import { SeedWanted } from './seed-wanted.js';

/** A transaction that the state has counted; its position is 0 where none has been since the seed. */
export interface CountedCommit {
  readonly commitLsn: Lsn;
  /** Milliseconds since the Unix epoch. */
  readonly commitTime: number;
  /** Changes of rows that it brought. */
  readonly changes: number;
}

/** A transaction of more changes is not asked for again: what it would prove is not worth the time. */
const MANY_CHANGES = 10_000;

/** The text of the figure `last_commit`. */
export function writeCountedCommit({ commitLsn, commitTime, changes }: CountedCommit): string {
  return `${formatLsn(commitLsn)} ${commitTime} ${changes}`;
}

/**
 * Reads what {@link writeCountedCommit} wrote; null where there is nothing of it, and where it is not of this checkpoint: a release
 * that does not write it has gone on meanwhile.
 */
export function readCountedCommit(text: number | string | undefined, { commitTime }: Checkpoint): CountedCommit | null {
  const found = /^([0-9A-F]+\/[0-9A-F]+) (\S+) (\d+)$/.exec(String(text));
  if (found === null || Number(found[2]) !== commitTime) return null;
  return { commitLsn: parseLsn(found[1] as string), commitTime, changes: Number(found[3]) };
}

/** What is known before a stream begins. */
export interface StreamStart {
  /** A transaction counts when its commit LSN >= this. */
  readonly next: Lsn;
  /** The one counted last; null where nobody knows. */
  readonly counted: CountedCommit | null;
  /** The slot, right before the stream is asked for. */
  readonly slot: SlotFacts | null;
}

/**
 * Tells whether the log of a server is the one that a state was made of (W5). A disk that was set back has another one at the same
 * positions, which nothing tells once it has grown past `next`. So the stream is asked for from the transaction that was counted
 * last: it has to come again, at its position and with its time, and none that brings changes may come between it and `next`.
 * Where the slot was confirmed beyond it, it can't come again, and only the second half is asked.
 *
 * That is the whole of it: rows that were counted and are gone are in the last transaction or before it, and a log that lacks one of
 * them lacks, or has elsewhere, all that came later. Nothing is confirmed before it has been told, so that what would tell stays in
 * the slot.
 */
export class KnownHistory {
  /** From where the stream is to be asked for. */
  readonly from: Lsn;
  readonly #start: StreamStart;
  #missing: boolean;
  #told: boolean;

  constructor(start: StreamStart) {
    const { next, counted, slot } = start;
    this.#start = start;
    // Whoever still streams may move the slot until we do.
    const confirmed = slot === null || slot.active ? null : slot.confirmedFlush;
    this.#told = counted === null || confirmed === null || confirmed > next || counted.commitLsn >= next;
    this.#missing = false;
    if (this.#told) this.from = next;
    else if (counted === null || confirmed === null || counted.commitLsn < confirmed) this.from = confirmed ?? next;
    else if (counted.changes > MANY_CHANGES) this.from = (counted.commitLsn + 1n) as Lsn;
    else {
      this.from = counted.commitLsn;
      this.#missing = true;
    }
  }

  /** True once it is known, or can't be known: only then may a position be confirmed. */
  get told(): boolean {
    return this.#told;
  }

  /** A transaction before `next` has come. @throws SeedWanted where it is none that was counted */
  again({ commitLsn, commitTime, changes }: DuplicatePiece): void {
    const { counted } = this.#start;
    if (this.#told || counted === null) return;
    const same = commitLsn === counted.commitLsn;
    if (same && commitTime === counted.commitTime) this.#missing = false;
    else if (same || (commitLsn > counted.commitLsn && changes > 0)) {
      throw otherLog(`it has a transaction at ${formatLsn(commitLsn)} that was never counted`);
    }
  }

  /** Nothing before `position` comes any more. @throws SeedWanted where something that should have come did not */
  reached(position: Lsn): void {
    if (this.#told || position < this.#start.next) return;
    const { commitLsn } = this.#start.counted ?? { commitLsn: LSN_ZERO };
    if (this.#missing) throw otherLog(`the transaction at ${formatLsn(commitLsn)} that was counted last is not in it`);
    this.#told = true;
  }
}

function otherLog(how: string): SeedWanted {
  return new SeedWanted('state_ahead_of_server', `the server's log is not the one that the state was made of: ${how}`);
}
