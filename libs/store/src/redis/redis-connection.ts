import type { EventEmitter } from 'node:events';
import { Redis } from 'ioredis';
import { clientOptions, placeOf, reconnectPause, renewedOptions } from './client-options.js';
import type { ClientOptions, RedisStoreOptions } from './redis-store-options.js';
import { StrangeReply } from './replies.js';
import { runScript, type SCRIPTS, type ScriptCall, type ScriptReply } from './scripts/index.js';
import { storeFailure, unavailableFailure } from './store-failures.js';
import { Unanswered, withinTime } from './within-time.js';

/** One connection to Redis, which comes back by itself after it was lost. */
export class RedisConnection {
  readonly #options: RedisStoreOptions;
  readonly #client: Redis;
  readonly #timeout: number;
  #place: string;
  #lifetime = 0;
  #lastError = 'no answer in time';
  #closed = false;

  constructor(options: RedisStoreOptions, name: string, timeout: number) {
    this.#options = options;
    this.#place = placeOf(options);
    this.#timeout = timeout;
    const create = options.createClient ?? ((made: ClientOptions) => new Redis(made));
    const retryStrategy = (attempt: number): number => {
      this.#renew();
      return reconnectPause(attempt);
    };
    this.#client = create({ ...clientOptions(options, name, timeout), retryStrategy });
    surviveSecondErrors(this.#client);
    this.#client.on('error', (error: Error) => {
      // That all Sentinels have failed says less than how each of them did.
      if (/^All sentinels are unreachable/.test(error.message)) return;
      this.#lastError = error.message === '' ? error.name : error.message;
    });
    this.#client.on('sentinelError', (error: Error) => {
      this.#lastError = error.message;
    });
    this.#client.on('ready', () => {
      this.#lifetime += 1;
    });
  }

  /** Where the server is, without user and password. */
  get place(): string {
    return this.#place;
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
      return await this.#answer(work);
    } catch (error) {
      if (lifetime !== undefined || !isMoved(error)) throw storeFailure(error, this.place);
    }
    return this.#again(work);
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

  async #answer<T>(work: (client: Redis) => Promise<T>): Promise<T> {
    try {
      return await withinTime(work(this.#client), this.#timeout);
    } catch (error) {
      if (error instanceof Unanswered || error instanceof StrangeReply) this.#client.disconnect(true);
      throw error;
    }
  }

  /** Asks the node to which the slot of our keys has moved: the one before has done nothing of it. */
  async #again<T>(work: (client: Redis) => Promise<T>): Promise<T> {
    await this.#nextReady();
    try {
      return await this.#answer(work);
    } catch (error) {
      throw storeFailure(error, this.place);
    }
  }

  /** The client makes each connection by its options as they are then. */
  #renew(): void {
    if (this.#options.renew === undefined) return;
    const options = { ...this.#options, ...this.#options.renew() };
    this.#place = placeOf({ ...options, url: withDatabaseOf(this.#options.url, options.url) });
    Object.assign(this.#client.options, renewedOptions(options, this.#timeout));
  }

  async #ready(): Promise<void> {
    if (this.#client.status === 'ready') return;
    if (this.#closed) throw unavailableFailure(this.place, 'the store is closed');
    if (this.#client.status === 'wait' || this.#client.status === 'end') this.#client.connect().catch(() => {});
    await this.#nextReady();
  }

  async #nextReady(): Promise<void> {
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

function withDatabaseOf(started: string, renewed: string): string {
  return Object.assign(new URL(renewed), { pathname: new URL(started).pathname }).href;
}

/** True for the answer of a cluster's node that does not own the slot it was asked about. */
function isMoved(error: unknown): boolean {
  return error instanceof Error && /^MOVED\b/.test(error.message);
}

/**
 * The client hears of the first error of a socket and of no other, and an error that nobody hears of ends the process: a
 * TLS handshake that breaks off can have two. (ioredis 6.0 listens with `once`; the connector is not part of its types.)
 */
function surviveSecondErrors(client: Redis): void {
  const { connector } = client as unknown as { connector: { connect(...args: unknown[]): Promise<EventEmitter> } };
  const connect = connector.connect.bind(connector);
  connector.connect = async (...args) => {
    const socket = await connect(...args);
    return socket.on('error', () => {});
  };
}
