import { Delta, EntityLayer, type EntityLookup, type FigureName, type Folded, type Work } from '@app/aggregates';
import type { Lsn } from '@app/change';
import { writeCountedCommit } from './known-history.js';
import type { Piece, TransactionPiece } from './piece.js';

/** Figures that go into the state as they are. */
export type Figures = Readonly<Partial<Record<FigureName, number | string>>>;

/** What a writer takes in: pieces of the stream, the passing of time, and figures of the slot. */
export type WriterInput = Piece | { readonly kind: 'tick' } | { readonly kind: 'figures'; readonly figures: Figures };

/** Changes of rows up to which a transaction is laid over its batch in the turn in which it comes. */
const LARGE = 1_000;

/** A large transaction that waits to be laid over its batch, and what came after it. */
interface WaitingTransaction {
  readonly folded: Folded;
  readonly after: EntityLayer;
}

/**
 * Several pieces merged, to be stored in one step. What a large transaction brings is put aside, and laid over the rest in slices when
 * the step is made ({@link whole}): the stream, which has to know its entities at once, finds them where they are.
 */
export class Batch {
  delta = new Delta();
  /** Where the checkpoint stands afterwards; null where it does not move. */
  endLsn: Lsn | null = null;
  /** Commit time of the last transaction; null without one. */
  commitTime: number | null = null;
  transactions = 0;
  /** Something in it should not wait for the next tick. */
  urgent = false;
  #bottom: EntityLayer;
  #top: EntityLayer;
  #waiting: WaitingTransaction[] = [];
  #operations = 0;

  constructor(below: EntityLookup) {
    this.#bottom = new EntityLayer(below);
    this.#top = this.#bottom;
  }

  /** Forgets everything, and looks below into `below` from now on. */
  reset(below: EntityLookup): void {
    this.delta = new Delta();
    this.#bottom = new EntityLayer(below);
    this.#top = this.#bottom;
    this.#waiting = [];
    this.#operations = 0;
    this.endLsn = null;
    this.commitTime = null;
    this.transactions = 0;
    this.urgent = false;
  }

  /** The entities as they are after all that was added. */
  get entities(): EntityLookup {
    return this.#top;
  }

  /** Looks below from now on into `below`: what lay there has been applied to it. */
  rebase(below: EntityLookup): void {
    this.#bottom.rebase(below);
  }

  /** Spend-log rows folded in. */
  get rows(): number {
    return this.#waiting.reduce((rows, { folded }) => rows + folded.rows, this.delta.rows);
  }

  /** Rows and operations on entities: what it takes to make a step of it. */
  get size(): number {
    return this.rows + this.#operations;
  }

  /** Lays over each other what was put aside, in slices; nothing may be added any more. @returns what the step consists of */
  *whole(): Work<{ readonly delta: Delta; readonly entities: EntityLayer }> {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      yield* next.folded.adding(this.delta);
      yield* next.folded.entities.merging(this.#bottom);
      yield* next.after.merging(this.#bottom);
      this.#waiting.shift();
    }
    return { delta: this.delta, entities: this.#bottom };
  }

  add(input: WriterInput): void {
    switch (input.kind) {
      case 'transaction':
        this.#addTransaction(input);
        return;
      case 'duplicate':
        this.delta.count('duplicates_dropped', [], 1);
        return;
      case 'idle':
        this.#moveTo(input.walEnd);
        this.urgent ||= input.replyRequested;
        return;
      case 'rejected':
        if (input.commitLsn === null) this.delta.count('rows_rejected', [input.reason], 1);
        return;
      case 'figures':
        Object.assign(this.delta.figures, input.figures);
        this.urgent = true;
        return;
      case 'tick':
        this.urgent = true;
        return;
      case 'heartbeat':
        return;
    }
  }

  #addTransaction({ folded, commitLsn, endLsn, commitTime, changes }: TransactionPiece): void {
    this.#operations += folded.entities.size;
    if (changes > LARGE) this.#putAside(folded);
    else {
      folded.addTo(this.delta);
      folded.entities.mergeInto(this.#top);
    }
    this.#moveTo(endLsn);
    this.commitTime = commitTime;
    this.delta.figures.last_commit = writeCountedCommit({ commitLsn, commitTime, changes });
    this.delta.figures.last_commit_timestamp_seconds = commitTime / 1000;
    if (folded.rows > 0) this.delta.figures.counted_until = commitTime;
    this.transactions += 1;
    this.urgent = true;
  }

  #putAside(folded: Folded): void {
    folded.entities.rebase(this.#top);
    const after = new EntityLayer(folded.entities);
    this.#waiting.push({ folded, after });
    this.#top = after;
  }

  #moveTo(position: Lsn): void {
    if (this.endLsn === null || position > this.endLsn) this.endLsn = position;
  }
}
