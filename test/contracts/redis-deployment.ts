import { AggregateState } from '@app/aggregates';
import { RedisStateStore, type RedisStoreOptions } from '@app/store';
import { Redis } from 'ioredis';
import type { RedisServer } from '../support/redis-server.js';

let deployments = 0;

/** A prefix that no other deployment of the specs has. */
export function freshPrefix(): string {
  return `spec:${process.pid}:${deployments++}`;
}

/** What happens to a command on its way. */
export type Cut = 'unsent' | 'unanswered' | 'nothing';

/** Options of a store, and faults that can be put between it and its server. */
export interface StoreSetup {
  readonly options?: Partial<RedisStoreOptions>;
  /**
   * Called before each command of the store: `unsent` makes it fail as a connection does that was lost before, and
   * `unanswered` as one that is lost after the server has got it.
   */
  readonly cut?: (command: { readonly name: string; readonly args: readonly unknown[] }) => Cut;
}

/** Processes of one deployment on one Redis, under a prefix of its own. */
export class RedisDeployment {
  readonly keyPrefix: string;
  /** A client of the spec's own. */
  readonly client: Redis;
  readonly #stores: RedisStateStore[] = [];

  /** @param options what all stores of the deployment are told beside the usual. */
  constructor(
    readonly server: Pick<RedisServer, 'url'>,
    private readonly options: Partial<RedisStoreOptions> = {},
  ) {
    this.keyPrefix = options.keyPrefix ?? freshPrefix();
    this.client = new Redis(server.url);
    this.client.on('error', () => {});
  }

  /** The store of one more process. Folds happen when they are asked for, unless said otherwise. */
  store({ options = {}, cut }: StoreSetup = {}): RedisStateStore {
    const store = new RedisStateStore({
      url: this.server.url,
      keyPrefix: this.keyPrefix,
      createState: (settings) => new AggregateState(settings),
      ...(cut === undefined ? {} : { createClient: (made) => cutClient(new Redis(made), cut) }),
      ...this.options,
      ...options,
      tuning: { foldInterval: 3_600_000, durableAfter: 0, ...options.tuning },
    });
    this.#stores.push(store);
    return store;
  }

  /** Names of all keys of this deployment, without the prefix. */
  async keys(): Promise<string[]> {
    const start = `{${this.keyPrefix}}:`;
    return (await this.client.keys(`${start}*`)).map((key) => key.slice(start.length)).sort();
  }

  key(name: string): string {
    return `{${this.keyPrefix}}:${name}`;
  }

  /** Closes everything and leaves what is stored: for a server that goes with it, or is gone already. */
  async close(): Promise<void> {
    await Promise.all(this.#stores.map((store) => store.close()));
    this.client.disconnect();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#stores.map((store) => store.close()));
    try {
      const keys = await this.client.keys(`{${this.keyPrefix}}:*`);
      for (let at = 0; at < keys.length; at += 500) await this.client.unlink(...keys.slice(at, at + 500));
    } finally {
      this.client.disconnect();
    }
  }
}

function cutClient(client: Redis, cut: NonNullable<StoreSetup['cut']>): Redis {
  const send = client.sendCommand.bind(client);
  client.sendCommand = (command, stream) => {
    const lost = new Error('Connection is closed.');
    const fate = cut(command as never);
    if (fate === 'nothing') return send(command, stream);
    if (fate === 'unanswered') return (send(command, stream) as Promise<unknown>).then(() => Promise.reject(lost));
    command.reject(lost);
    return command.promise;
  };
  return client;
}
