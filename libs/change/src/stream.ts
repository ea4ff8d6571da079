import type { Change } from './change.js';
import type { Lsn } from './lsn.js';

/**
 * Receives an open stream. Called one at a time, in the order of the wire, and never after `closed`.
 * A sink that throws breaks the stream: it is closed with the thrown error.
 */
export interface StreamSink {
  change(change: Change): void;
  /** The server says how far its log reaches; `replyRequested` asks for a status reply soon. */
  keepalive(walEnd: Lsn, replyRequested: boolean): void;
  /** The last call. `null` when {@link ChangeStream.close} asked for it. */
  closed(reason: Error | null): void;
}

/**
 * An open logical replication stream.
 *
 * Status replies to the server run on the stream's own timer, whatever back-pressure does, and repeat the last
 * confirmed position; nothing but {@link confirm} ever moves it (W2).
 */
export interface ChangeStream {
  /** Stops reading the socket; changes already parsed may still arrive. Status replies go on. */
  pause(): void;
  resume(): void;
  /**
   * Tells the server, exactly, that everything before `position` is stored and may be forgotten. Sent at once.
   * A position behind the last confirmed one is ignored.
   */
  confirm(position: Lsn): void;
  /** The position last confirmed on this stream. */
  readonly confirmed: Lsn;
  /** Ends the stream and its connection; resolves when the socket is gone, at the latest after 2 s. */
  close(): Promise<void>;
}
