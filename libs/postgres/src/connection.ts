import type { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import { ExporterFailure } from '@app/change';
import pg from 'pg';
import { connectionFailure, isShutdown } from './connection-failure.js';
import type { ServerOptions } from './options.js';
import { type Purpose, sessionOptions } from './session-settings.js';
import { isTransportRefusal, type Transport, transportsOf } from './transport-security.js';

/** The part of pg's inner connection that its public face lacks. */
interface WireConnection extends EventEmitter {
  readonly stream: Duplex;
}

const CONNECT_TIMEOUT_MS = 10_000;
const CLOSE_TIMEOUT_MS = 1_000;

/** One session with the server, with settings that do not depend on anybody's defaults. */
export class Connection {
  /**
   * Resolves, never rejects, when the session is over without {@link close}: at the server's word, before the socket
   * is gone, because a fast shutdown waits for walsenders while ordinary sessions hear of it at once.
   */
  readonly lost: Promise<Error>;
  private closing: Promise<void> | null = null;
  private running = 0;
  private busy: Promise<unknown> = Promise.resolve();

  private constructor(
    readonly client: pg.Client,
    private readonly options: ServerOptions,
  ) {
    this.lost = new Promise((resolve) => {
      const tell = (error: Error): void => {
        if (this.closing === null) resolve(connectionLost(error, options));
      };
      client.on('error', tell);
      client.on('end', () => tell(new Error('the connection is closed')));
      wireOf(client).on('errorMessage', (message: Error) => {
        if (isShutdown(message)) tell(message);
      });
    });
  }

  /** Opens a session, over each transport that the ssl mode allows. @throws ExporterFailure with the remedy. */
  static async open(given: ServerOptions, purpose: Purpose, signal: AbortSignal): Promise<Connection> {
    const options = { ...given, ...given.renew?.() };
    const transports = transportsOf(options);
    for (const [index, transport] of transports.entries()) {
      try {
        return new Connection(await connect(options, purpose, transport, signal), options);
      } catch (error) {
        if (index + 1 < transports.length && isTransportRefusal(error)) continue;
        throw connectionFailure(error, options);
      }
    }
    throw new RangeError('an ssl mode has at least one transport');
  }

  /** Pid of our backend, as the server told it at the start. */
  get processId(): number {
    return (this.client as unknown as { processID: number }).processID;
  }

  /** False once the socket is gone. */
  get open(): boolean {
    return !wireOf(this.client).stream.destroyed;
  }

  /** True while a statement runs. */
  get atWork(): boolean {
    return this.running > 0;
  }

  /**
   * Runs one statement, after those that were asked for before it. Without values it takes the simple protocol, the only
   * one a walsender knows.
   */
  query<R extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<R[]> {
    const turn = this.busy.then(() => this.run<R>(text, values));
    this.busy = turn.catch(() => undefined);
    return turn;
  }

  /** The socket is gone when this returns, without a good-bye. */
  destroy(): void {
    wireOf(this.client).stream.destroy();
  }

  /** Ends the session; resolves within a second, whatever the server does. */
  close(): Promise<void> {
    this.closing ??= endWithin(this.client, CLOSE_TIMEOUT_MS);
    return this.closing;
  }

  private async run<R extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<R[]> {
    this.running += 1;
    try {
      const result = await (values === undefined
        ? this.client.query<R>(text)
        : this.client.query<R>(text, [...values]));
      return result.rows;
    } finally {
      this.running -= 1;
    }
  }

  /** What a query's error means where the connection itself was the trouble; the error itself elsewhere. */
  explain(error: unknown): unknown {
    return isShutdown(error) ? connectionFailure(error, this.options) : error;
  }
}

async function connect(
  options: ServerOptions,
  purpose: Purpose,
  ssl: Transport,
  signal: AbortSignal,
): Promise<pg.Client> {
  signal.throwIfAborted();
  const client = new pg.Client({
    host: options.host,
    port: options.port,
    database: options.database,
    user: options.user,
    ...(options.password === undefined ? {} : { password: options.password }),
    ssl,
    keepAlive: true,
    keepAliveInitialDelayMillis: 3_000,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: 'litellm-exporter',
    options: sessionOptions(purpose),
    ...(purpose === 'replication' ? { replication: 'database' } : {}),
  });
  // Errors after the start are told by `lost`; without a listener one in between would end the process.
  client.on('error', () => {});
  const abort = (): void => void wireOf(client).stream.destroy(new Error('the start was called off'));
  signal.addEventListener('abort', abort, { once: true });
  try {
    await client.connect();
    return client;
  } catch (error) {
    wireOf(client).stream.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

async function endWithin(client: pg.Client, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  try {
    await Promise.race([client.end(), late]);
  } finally {
    clearTimeout(timer);
    wireOf(client).stream.destroy();
  }
}

function connectionLost(error: Error, options: ServerOptions): ExporterFailure {
  if (isShutdown(error)) return connectionFailure(error, options);
  return new ExporterFailure({
    kind: 'connection-refused',
    message: `the connection to PostgreSQL at ${options.host}:${options.port} is lost: ${error.message}`,
    cause: error,
  });
}

function wireOf(client: pg.Client): WireConnection {
  return (client as unknown as { connection: WireConnection }).connection;
}
