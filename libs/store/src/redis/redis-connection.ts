import { Redis } from 'ioredis';
import type { ClientOptions, RedisStoreOptions } from './redis-store-options.js';
import { runScript, SCRIPTS, type ScriptCall, type ScriptReply } from './scripts/index.js';
import { storeFailure, unavailableFailure } from './store-failures.js';
import { Unanswered, withinTime } from './within-time.js';

const RECONNECT_STEP = 50;
const RECONNECT_LIMIT = 1_000;
/** Until a connection that is given up is cut, where its other end does not answer. */
const DISCONNECT_TIMEOUT = 250;

/** Where a URL leads to, without user and password. */
export function placeOf(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname}:${port === '' ? '6379' : port}${pathname === '/' ? '' : pathname}`;
}

/**
 * How the client behaves. It never queues a command while it is not connected, and never sends one a second time: steps
 * would bear it (compare-and-set), but whoever asks knows better whether the question still makes sense. A command that
 * is not answered in time fails, and its connection is given up, so that nothing late can follow on it.
 */
export function clientOptions(options: RedisStoreOptions, name: string, timeout: number): ClientOptions {
  const { protocol, hostname, port, username, password, pathname } = new URL(options.url);
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? 6379 : Number(port),
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    db: Number(pathname.slice(1) || 0),
    ...(protocol === 'rediss:' ? { tls: options.tlsCa == null ? {} : { ca: options.tlsCa } } : {}),
    connectionName: `litellm-exporter-${name}`,
    protocol: 2,
    lazyConnect: true,
    connectTimeout: timeout,
    disconnectTimeout: DISCONNECT_TIMEOUT,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(attempt * RECONNECT_STEP, RECONNECT_LIMIT),
    // A server that has become a replica is left, so that the address is resolved again.
    reconnectOnError: (error) => /^READONLY\b/.test(error.message),
    scripts: SCRIPTS,
  };
}

/** One connection to Redis, which comes back by itself after it was lost. */
export class RedisConnection {
  readonly place: string;
  readonly #client: Redis;
  readonly #timeout: number;
  #lifetime = 0;
  #lastError = 'no answer in time';
  #closed = false;

  constructor(options: RedisStoreOptions, name: string, timeout: number) {
    this.place = placeOf(options.url);
    this.#timeout = timeout;
    const create = options.createClient ?? ((made: ClientOptions) => new Redis(made));
    this.#client = create(clientOptions(options, name, timeout));
    this.#client.on('error', (error: Error) => {
      this.#lastError = error.message === '' ? error.name : error.message;
    });
    this.#client.on('ready', () => {
      this.#lifetime += 1;
    });
  }

  /** Grows with each new connection: what was written before may have been lost with a server that crashed. */
  get lifetime(): number {
    return this.#lifetime;
  }

  /**
   * Does something with a client that is connected, waiting for one if need be; only on the connection of the given
   * lifetime, where one is given.
   *
   * @throws ExporterFailure `store-unavailable` or `store-refused`.
   */
  async run<T>(work: (client: Redis) => Promise<T>, lifetime?: number): Promise<T> {
    await this.#ready();
    if (lifetime !== undefined && lifetime !== this.#lifetime) {
      throw unavailableFailure(this.place, 'the connection was lost meanwhile');
    }
    try {
      return await withinTime(work(this.#client), this.#timeout);
    } catch (error) {
      if (error instanceof Unanswered) this.#client.disconnect(true);
      throw storeFailure(error, this.place);
    }
  }

  /** Runs a script. @throws as {@link run}. */
  async script(name: keyof typeof SCRIPTS, call: ScriptCall, lifetime?: number): Promise<ScriptReply> {
    return this.run((client) => runScript(client, name, call), lifetime);
  }

  /** Sends commands at once and returns their answers, texts as bytes. @throws as {@link run}, for the first that fails. */
  async pipeline(commands: readonly (readonly [string, ...(string | Buffer)[]])[]): Promise<unknown[]> {
    return this.run(async (client) => {
      const pipeline = client.pipeline();
      for (const [command, ...args] of commands) pipeline.callBuffer(command, args);
      const answers = (await pipeline.exec()) ?? [];
      return answers.map(([error, answer]) => {
        if (error !== null) throw error;
        return answer;
      });
    });
  }

  /** Lets go of the connection at once. */
  close(): void {
    this.#closed = true;
    this.#client.disconnect();
  }

  async #ready(): Promise<void> {
    if (this.#client.status === 'ready') return;
    if (this.#closed) throw unavailableFailure(this.place, 'the store is closed');
    if (this.#client.status === 'wait' || this.#client.status === 'end') this.#client.connect().catch(() => {});
    await new Promise<void>((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.#client.off('ready', ready);
      };
      const ready = (): void => {
        settle();
        resolve();
      };
      const timer = setTimeout(() => {
        settle();
        reject(unavailableFailure(this.place, this.#lastError));
      }, this.#timeout);
      this.#client.once('ready', ready);
    });
  }
}
