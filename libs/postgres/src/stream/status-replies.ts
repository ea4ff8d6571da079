import { LSN_ZERO, type Lsn } from '@app/change';
import type { Liveness } from './liveness.js';
import { standbyStatus } from './standby-status.js';

/** The wire as status replies see it. */
export interface StatusWire {
  send(message: Buffer): void;
  /** Bytes read from the server so far. */
  bytesRead(): number;
  /** True while we ourselves don't read: then silence says nothing about the server. */
  paused(): boolean;
  /** Called once, when the server has been silent for too long. */
  silent(): void;
}

/** A server that shuts down asks again after every answer: this is how often it gets one. */
const ANSWER_GAP_MS = 100;

/**
 * Tells the server where we are: on a timer of its own, at once when a position is confirmed, and when the server asks.
 * Every reply repeats the last confirmed position; nothing but {@link confirm} moves it (W2).
 */
export class StatusReplies {
  readonly #wire: StatusWire;
  readonly #liveness: Liveness;
  readonly #floor: Lsn;
  #confirmed: Lsn = LSN_ZERO;
  #sent = 0;
  #sentAt = Number.NEGATIVE_INFINITY;
  #bytesSeen = -1;
  #quiet = 0;
  #timer: NodeJS.Timeout | null = null;
  #answer: NodeJS.Timeout | null = null;

  /** Nothing below `floor`, where the stream started, is ever confirmed: a slot must not be told to go back. */
  constructor(wire: StatusWire, liveness: Liveness, floor: Lsn) {
    this.#wire = wire;
    this.#liveness = liveness;
    this.#floor = floor;
  }

  /** The position last confirmed; 0 before the first. */
  get confirmed(): Lsn {
    return this.#confirmed;
  }

  /** Replies sent so far. */
  get sent(): number {
    return this.#sent;
  }

  start(): void {
    this.#timer = setInterval(() => this.#tick(), this.#liveness.statusEveryMs);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    if (this.#answer !== null) clearTimeout(this.#answer);
    this.#timer = null;
    this.#answer = null;
  }

  confirm(position: Lsn): void {
    if (this.#timer === null || position <= this.#confirmed || position < this.#floor) return;
    this.#confirmed = position;
    this.#send(false);
  }

  /** The server has asked. An answer that went out a moment ago is followed by the next one after a pause. */
  answer(): void {
    if (this.#timer === null || this.#answer !== null) return;
    const wait = this.#sentAt + ANSWER_GAP_MS - performance.now();
    if (wait <= 0) {
      this.#send(false);
      return;
    }
    this.#answer = setTimeout(() => {
      this.#answer = null;
      this.#send(false);
    }, wait);
  }

  /** Silence while we did not read has said nothing. */
  resumed(): void {
    this.#quiet = 0;
  }

  #tick(): void {
    this.#countSilence();
    if (this.#quiet >= this.#liveness.quietTicks) {
      this.stop();
      this.#wire.silent();
      return;
    }
    // A server whose client answers in time never speaks by itself: without asking, silence would mean nothing.
    this.#send(this.#quiet > 0);
  }

  #countSilence(): void {
    const bytes = this.#wire.bytesRead();
    const heard = bytes !== this.#bytesSeen || this.#wire.paused();
    this.#bytesSeen = bytes;
    this.#quiet = heard ? 0 : this.#quiet + 1;
  }

  #send(replyRequested: boolean): void {
    this.#sent += 1;
    this.#sentAt = performance.now();
    this.#wire.send(standbyStatus({ position: this.#confirmed, clock: Date.now(), replyRequested }));
  }
}
