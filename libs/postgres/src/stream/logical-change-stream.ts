import { setTimeout } from 'node:timers/promises';
import {
  type Change,
  type ChangeStream,
  ExporterFailure,
  formatLsn,
  type Lsn,
  parseLsn,
  type StreamSink,
} from '@app/change';
import type { Client } from 'pg';
import type { LogicalReplicationService } from 'pg-logical-replication';
import { failureFromSql, type SqlContext } from '../sql-state.js';
import type { CopyFraming } from './copy-framing.js';
import { DecodingPlugin } from './decoding-plugin.js';
import {
  connectionOf,
  endConnection,
  framingOf,
  hostReplication,
  type ReplicationConnection,
  rememberListeners,
} from './hosted-replication.js';
import { livenessOf } from './liveness.js';
import type { StreamSource } from './start-options.js';
import { StatusReplies, type StatusWire } from './status-replies.js';

/** What {@link openChangeStream} needs. */
export interface StreamRequest {
  /**
   * A connected client with `replication: 'database'` and no query running. Its session fixes TimeZone, DateStyle and
   * the like; the stream takes it over, and ends it when it ends itself.
   */
  readonly client: Client;
  readonly slot: string;
  /** Where to start: stored `next`, or 0 for the slot's own confirmed position. Nothing below it is ever confirmed. */
  readonly from: Lsn;
  readonly source: StreamSource;
  /** `wal_sender_timeout` of the session in milliseconds; 0 where it is off. */
  readonly walSenderTimeoutMs: number;
}

/** Milliseconds that a server is given to hang up by itself. */
const CLOSING_PATIENCE_MS = 1000;

/**
 * Starts streaming. The sink hears nothing before the returned promise has resolved and its handlers have run.
 *
 * @throws ExporterFailure `slot-active`, `slot-missing`, `slot-lost`, `slot-foreign`, `plugin-refused`,
 * `privilege-missing`, … The client is then as it was, open unless the server has hung up.
 */
export async function openChangeStream(request: StreamRequest, sink: StreamSink): Promise<ChangeStream> {
  const stream = new LogicalChangeStream(request, sink);
  await stream.open();
  return stream;
}

/** The library's `isStop()` stays false when the server hangs up: the states are our own. */
type State = 'starting' | 'open' | 'closed';

class LogicalChangeStream implements ChangeStream {
  readonly #request: StreamRequest;
  readonly #sink: StreamSink;
  readonly #service: LogicalReplicationService;
  readonly #connection: ReplicationConnection;
  readonly #replies: StatusReplies;
  readonly #forgetLibrary: () => void;
  readonly #framing: CopyFraming;
  readonly #plugin: DecodingPlugin;
  #state: State = 'starting';
  #paused = false;
  #serverIsDone = false;
  /** What arrived before our opener could know that we are open. */
  #held: (() => void)[] | null = [];
  #gone: Promise<void> | null = null;

  constructor(request: StreamRequest, sink: StreamSink) {
    this.#request = request;
    this.#sink = sink;
    this.#service = hostReplication(request.client);
    this.#connection = connectionOf(request.client);
    this.#forgetLibrary = rememberListeners(this.#connection);
    this.#framing = framingOf(this.#connection);
    this.#plugin = new DecodingPlugin(request.source);
    this.#replies = new StatusReplies(this.#wire(), livenessOf(request.walSenderTimeoutMs), request.from);
  }

  get confirmed(): Lsn {
    return this.#replies.confirmed;
  }

  async open(): Promise<void> {
    const { client, slot, from } = this.#request;
    // Errors of the socket come here, before or after what the query says of them: the first one counts. The listener
    // stays for good on a stream that was open, since an error without a listener would end the process.
    client.on('error', this.#onError);
    this.#connection.on('commandComplete', this.#onCommandComplete);
    this.#framing.data = this.#onData;
    this.#service.on('heartbeat', this.#onKeepalive);
    this.#service.on('error', this.#onError);
    const started = new Promise<void>((resolve) => this.#service.once('start', () => resolve(this.#started())));
    const ended = this.#service.subscribe(this.#plugin, slot, formatLsn(from));
    try {
      await Promise.race([started, this.#prematureEnd(ended), this.#startDeadline()]);
    } catch (error) {
      if (this.#state === 'starting') this.#withdraw();
      throw failureFromSql(error, this.#context(false));
    }
  }

  pause(): void {
    this.#paused = true;
    this.#connection.stream.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#replies.resumed();
    if (this.#state === 'open' && this.#held === null) this.#connection.stream.resume();
  }

  confirm(position: Lsn): void {
    this.#replies.confirm(position);
  }

  close(): Promise<void> {
    this.#finish(null);
    this.#gone ??= endConnection(this.#request.client, CLOSING_PATIENCE_MS);
    return this.#gone;
  }

  readonly #onError = (error: unknown): void => {
    this.#broken(error);
  };

  /** A walsender ends its stream with a command tag only when the server shuts down and all has been confirmed. */
  readonly #onCommandComplete = (): void => {
    this.#serverIsDone = this.#state === 'open';
  };

  readonly #onData = (data: Buffer): void => {
    if (this.#state !== 'open') return;
    const change = this.#plugin.parse(data);
    if (change === null) return;
    if (this.#held === null) this.#deliver(change);
    else this.#held.push(() => this.#deliver(change));
  };

  #deliver(change: Change): void {
    if (this.#state !== 'open') return;
    try {
      this.#sink.change(change);
    } catch (error) {
      this.#fail(error);
    }
  }

  readonly #onKeepalive = (walEnd: string, timestamp: number, replyRequested: boolean): void => {
    if (this.#state !== 'open') return;
    if (this.#held !== null) {
      this.#held.push(() => this.#onKeepalive(walEnd, timestamp, replyRequested));
      return;
    }
    const before = this.#replies.sent;
    try {
      this.#sink.keepalive(parseLsn(walEnd), replyRequested);
    } catch (error) {
      this.#fail(error);
    }
    if (replyRequested && this.#replies.sent === before) this.#replies.answer();
  };

  /** Holds what comes in the same breath as the start until our opener's handlers have run. */
  #started(): void {
    this.#state = 'open';
    this.#replies.start();
    this.#connection.stream.pause();
    setImmediate(() => {
      const held = this.#held ?? [];
      this.#held = null;
      for (const deliver of held) deliver();
      if (this.#state === 'open' && !this.#paused) this.#connection.stream.resume();
    });
  }

  /** The library's promise: rejects when the server refuses or ends the stream, resolves when a start is cut off. */
  async #prematureEnd(ended: Promise<unknown>): Promise<never> {
    const cutOff = new Error('the connection was lost');
    try {
      await ended;
    } catch (error) {
      this.#broken(error);
      throw error;
    }
    this.#broken(cutOff);
    throw cutOff;
  }

  async #startDeadline(): Promise<never> {
    const { statusEveryMs, quietTicks } = livenessOf(this.#request.walSenderTimeoutMs);
    await setTimeout(statusEveryMs * quietTicks, undefined, { ref: false });
    if (this.#state === 'starting') this.#destroy();
    throw new Error('the server does not answer');
  }

  /** Gives the client back as it was: a refusal leaves the connection usable. */
  #withdraw(): void {
    this.#state = 'closed';
    this.#detach();
    this.#request.client.removeListener('error', this.#onError);
  }

  #broken(error: unknown): void {
    if (this.#state !== 'open') return;
    const done = new ExporterFailure({
      kind: 'server-shutting-down',
      message: `${this.#context(true).doing} ended: the server shuts down`,
      cause: error,
    });
    this.#fail(this.#serverIsDone ? done : failureFromSql(error, this.#context(true)));
  }

  #fail(reason: unknown): void {
    if (this.#state !== 'open') return;
    this.#finish(reason instanceof Error ? reason : new Error(String(reason)));
    this.#destroy();
  }

  #finish(reason: Error | null): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#replies.stop();
    this.#detach();
    if (this.#held === null) this.#sink.closed(reason);
    else this.#held.push(() => this.#sink.closed(reason));
  }

  #detach(): void {
    this.#forgetLibrary();
    this.#framing.data = null;
    this.#service.removeAllListeners();
    this.#connection.removeListener('commandComplete', this.#onCommandComplete);
  }

  #destroy(): void {
    void this.#request.client.end().catch(() => undefined);
    this.#connection.stream.destroy();
  }

  #context(streaming: boolean): SqlContext {
    const { slot, source } = this.#request;
    return { doing: `streaming from slot "${slot}"`, plugin: source.plugin, streaming };
  }

  #wire(): StatusWire {
    const connection = this.#connection;
    return {
      send: (message) => connection.sendCopyFromChunk(message),
      bytesRead: () => connection.stream.bytesRead,
      paused: () => this.#paused,
      silent: () => this.#broken(new Error('not a byte from the server for twice wal_sender_timeout')),
    };
  }
}
