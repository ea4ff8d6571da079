import type { Folded } from '@app/aggregates';
import type { Lsn } from '@app/change';

/** A whole transaction of the stream, folded. */
export interface TransactionPiece {
  readonly kind: 'transaction';
  readonly folded: Folded;
  readonly commitLsn: Lsn;
  /** Changes of rows that it brought, of whatever table. */
  readonly changes: number;
  /** End of the commit record: the checkpoint afterwards. */
  readonly endLsn: Lsn;
  readonly commitTime: number;
}

/** The server has nothing to send up to `walEnd`, and no transaction is open. */
export interface IdlePiece {
  readonly kind: 'idle';
  readonly walEnd: Lsn;
  readonly replyRequested: boolean;
}

/** A heartbeat of ours came back through the data path. */
export interface HeartbeatPiece {
  readonly kind: 'heartbeat';
  readonly content: string;
}

/** Something that could not be used, for the log (W10); the counting is in the transaction's delta where there is one. */
export interface RejectedPiece {
  readonly kind: 'rejected';
  readonly reason: string;
  readonly detail: string;
  /** Commit position of the open transaction; null outside of one. */
  readonly commitLsn: Lsn | null;
}

/** A transaction came again that the state holds already: nothing but the count of such. */
export interface DuplicatePiece {
  readonly kind: 'duplicate';
  readonly commitLsn: Lsn;
  readonly changes: number;
  readonly commitTime: number;
}

/** What gathering makes of a stream. */
export type Piece = TransactionPiece | DuplicatePiece | IdlePiece | HeartbeatPiece | RejectedPiece;

/** Prefix of the logical messages this exporter writes. */
export const MESSAGE_PREFIX = 'litellm_exporter';
