import type { Lsn } from '@app/change';

/** Milliseconds from the Unix epoch to PostgreSQL's, 2000-01-01. */
const POSTGRES_EPOCH_MS = 946_684_800_000;

/** What a standby status update says. */
export interface StandbyStatus {
  /** Written, flushed and applied: one position, exactly as given. 0 says "alive" and moves nothing. */
  readonly position: Lsn;
  /** Milliseconds since the Unix epoch. */
  readonly clock: number;
  /** Asks the server for a keepalive. */
  readonly replyRequested: boolean;
}

/**
 * The message "Standby status update" (PostgreSQL manual, "Streaming Replication Protocol").
 *
 * Written here and not by the library's `acknowledge`, which adds 1 to every position (a stopping server then waits for
 * ever, and the next transaction may be lost) and can't say 0.
 */
export function standbyStatus({ position, clock, replyRequested }: StandbyStatus): Buffer {
  const message = Buffer.alloc(34);
  message.writeUInt8(0x72, 0); // 'r'
  message.writeBigUInt64BE(position, 1);
  message.writeBigUInt64BE(position, 9);
  message.writeBigUInt64BE(position, 17);
  message.writeBigInt64BE(BigInt(Math.round((clock - POSTGRES_EPOCH_MS) * 1000)), 25);
  message.writeUInt8(replyRequested ? 1 : 0, 33);
  return message;
}
