import { setTimeout } from 'node:timers/promises';
import { AggregateState, type StateRecord } from '@app/aggregates';
import { type Checkpoint, type Epoch, isFailure, lsnOf } from '@app/change';
import { RedisStateStore } from '@app/store';
import { Redis } from 'ioredis';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { CLOCK, SETTINGS } from './large-state.js';

/** How often a step is tried on a machine that is busy with other things, and the milliseconds between. */
const ATTEMPTS = 50;
const PAUSE = 200;

const SYSTEM = '7000000000000000001';
const EPOCH: Epoch = { lineage: `${SYSTEM}/1`, position: lsnOf(1n) };
const SOURCE = { systemId: SYSTEM, timeline: 1, database: 'litellm', schema: 'public', spendLogsOid: 16_384 };

/** What all keys in Redis begin with: the exporter's own choice for a database of the name `litellm`. */
export const PREFIX = 'litellm_exporter:litellm';

/** A Redis of its own, and a writer that has claimed the state in it. */
export class RedisState implements AsyncDisposable {
  #next = 1_000n;

  private constructor(
    readonly server: RedisServer,
    readonly client: Redis,
    readonly store: RedisStateStore,
  ) {}

  static async opened({
    settings = {},
  }: {
    readonly settings?: Readonly<Record<string, string>>;
  } = {}): Promise<RedisState> {
    const server = await startRedis({ settings });
    const store = storeAt(server.url);
    const made = new RedisState(server, new Redis(server.url), store);
    await store.open();
    await store.claim(EPOCH);
    return made;
  }

  /** Makes a state current, as the end of a seed does. */
  async replace(state: AggregateState): Promise<void> {
    await this.store.replace({ epoch: EPOCH, checkpoint: this.#checkpoint(), state });
  }

  /** Stores one step, and applies it to the state of the store; again where the connection was lost, as the pipeline does. */
  async commit(record: StateRecord): Promise<void> {
    const prev = lsnOf(this.#next);
    this.#next += 100n;
    const step = { epoch: EPOCH, prev, checkpoint: this.#checkpoint(), record };
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.store.commit(step);
      } catch (error) {
        if (!isFailure(error, 'store-unavailable') || attempt === ATTEMPTS) throw error;
        await setTimeout(PAUSE);
      }
    }
  }

  /** Bytes that Redis says its data takes. */
  async usedMemory(): Promise<number> {
    return Number(/used_memory:(\d+)/.exec(await this.client.info('memory'))?.[1]);
  }

  async version(): Promise<string> {
    return /(?:redis|valkey)_version:(\S+)/.exec(await this.client.info('server'))?.[1] ?? 'unknown';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store.close();
    this.client.disconnect();
    await this.server[Symbol.asyncDispose]();
  }

  #checkpoint(): Checkpoint {
    return {
      source: SOURCE,
      slot: 'litellm_exporter_litellm',
      plugin: 'wal2json',
      next: lsnOf(this.#next),
      commitTime: CLOCK,
    };
  }
}

/** A store of the state in a Redis, as each replica has one. */
export function storeAt(url: string): RedisStateStore {
  return new RedisStateStore({
    ...{ url, keyPrefix: PREFIX, settings: SETTINGS, createState: () => new AggregateState(SETTINGS) },
  });
}
