import { Delta, EntityLayer, type EntityLookup, type FigureName } from '@app/aggregates';
import type { Lsn } from '@app/change';
import { writeCountedCommit } from './known-history.js';
import type { Piece, TransactionPiece } from './piece.js';

/** Figures that go into the state as they are. */
export type Figures = Readonly<Partial<Record<FigureName, number | string>>>;

/** What a writer takes in: pieces of the stream, the passing of time, and figures of the slot. */
export type WriterInput = Piece | { readonly kind: 'tick' } | { readonly kind: 'figures'; readonly figures: Figures };

/** Several pieces merged, to be stored in one step. */
export class Batch {
  delta = new Delta();
  entities: EntityLayer;
  /** Where the checkpoint stands afterwards; null where it does not move. */
  endLsn: Lsn | null = null;
  /** Commit time of the last transaction; null without one. */
  commitTime: number | null = null;
  transactions = 0;
  /** Something in it should not wait for the next tick. */
  urgent = false;

  constructor(below: EntityLookup) {
    this.entities = new EntityLayer(below);
  }

  /** Forgets everything, and looks below into `below` from now on. */
  reset(below: EntityLookup): void {
    this.delta = new Delta();
    this.entities = new EntityLayer(below);
    this.endLsn = null;
    this.commitTime = null;
    this.transactions = 0;
    this.urgent = false;
  }

  /** Spend-log rows folded in. */
  get rows(): number {
    return this.delta.rows;
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
    folded.addTo(this.delta);
    folded.entities.mergeInto(this.entities);
    this.#moveTo(endLsn);
    this.commitTime = commitTime;
    this.delta.figures.last_commit = writeCountedCommit({ commitLsn, commitTime, changes });
    this.delta.figures.last_commit_timestamp_seconds = commitTime / 1000;
    if (folded.rows > 0) this.delta.figures.counted_until = commitTime;
    this.transactions += 1;
    this.urgent = true;
  }

  #moveTo(position: Lsn): void {
    if (this.endLsn === null || position > this.endLsn) this.endLsn = position;
  }
}
