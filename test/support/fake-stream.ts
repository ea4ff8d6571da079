import { type ChangeStream, LSN_ZERO, type Lsn, type StreamSink } from '@app/change';
import type { FakePostgres } from './fake-postgres.js';
import type { FakeUpstreamOptions } from './fake-upstream-options.js';

/** A stream of a fake server: one message in each turn of the event loop, a keepalive when there are no more. */
export class FakeStream implements ChangeStream {
  confirmed: Lsn = LSN_ZERO;
  paused = false;
  ended = false;
  /** End of the last transaction that was sent whole, or of the log in a keepalive. */
  sent: Lsn;
  /** How often the socket was paused. */
  pauses = 0;
  readonly confirmations: Lsn[] = [];
  readonly #server: FakePostgres;
  readonly #sink: StreamSink;
  readonly #options: FakeUpstreamOptions;
  #entry: number;
  #change = 0;
  #pumping = false;
  #cut = false;
  readonly #wake = (): void => this.#pump();

  constructor(server: FakePostgres, from: Lsn, sink: StreamSink, options: FakeUpstreamOptions) {
    this.#server = server;
    this.#sink = sink;
    this.#options = options;
    this.#entry = server.startOf(from);
    this.sent = from;
    server.onGrowth.add(this.#wake);
    this.#pump();
  }

  pause(): void {
    this.paused = true;
    this.pauses += 1;
  }

  resume(): void {
    this.paused = false;
    this.#pump();
  }

  confirm(position: Lsn): void {
    if (this.#cut) return;
    this.#options.reach?.('confirm');
    if (this.ended || position <= this.confirmed) return;
    if (position > this.sent) throw new Error('what was never sent is being confirmed');
    this.confirmed = position;
    this.confirmations.push(position);
    const { slot } = this.#server;
    if (slot !== null && position > slot.confirmed) slot.confirmed = position;
    this.#options.reach?.('confirmed');
  }

  async close(): Promise<void> {
    this.end(null);
  }

  /** Nothing is sent or heard any more; see {@link FakeSession.cut}. */
  cut(): void {
    this.#cut = true;
    this.#server.onGrowth.delete(this.#wake);
  }

  end(reason: Error | null): void {
    if (this.ended) return;
    this.ended = true;
    this.#server.onGrowth.delete(this.#wake);
    this.#sink.closed(reason);
  }

  /** The server says how far its log reaches, now. */
  keepalive(replyRequested = false): void {
    if (this.#server.walEnd > this.sent) this.sent = this.#server.walEnd;
    this.#sink.keepalive(this.#server.walEnd, replyRequested);
  }

  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    setImmediate(() => {
      this.#pumping = false;
      if (this.ended || this.paused || this.#cut) return;
      this.#deliver();
    });
  }

  #deliver(): void {
    const entry = this.#server.log[this.#entry];
    try {
      this.#options.reach?.('receive');
      if (this.ended) return;
      if (entry === undefined) {
        this.keepalive();
        return;
      }
      const change = entry.changes[this.#change];
      this.#change += 1;
      if (this.#change >= entry.changes.length) {
        this.#entry += 1;
        this.#change = 0;
        this.sent = entry.endLsn;
      }
      if (change !== undefined) this.#sink.change(change);
    } catch (error) {
      this.end(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    this.#pump();
  }
}
