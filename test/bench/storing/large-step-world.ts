import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { AggregateState, edgeOf, emptyRecord, type PairValue, type StateRecord, windowSpecs } from '@app/aggregates';
import { type Checkpoint, lsnOf } from '@app/change';
import { RedisStateStore } from '@app/store';
import { Redis } from 'ioredis';
import { SETTINGS } from '../../support/given-pipeline.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { longestHold } from '../serving/processor-time.js';

const CLOCK = Date.UTC(2026, 10, 15, 12);
const EPOCH = { lineage: '7000000000000000001/1', position: lsnOf(1n) };
const SOURCE = { systemId: '7000000000000000001', timeline: 1, database: 'litellm', schema: 'public', spendLogsOid: 1 };

/** What one large step has cost. */
export interface StepCost {
  /** Until the step was current. */
  readonly seconds: number;
  /** Until the log was folded into the base, the step included. */
  readonly foldSeconds: number;
  /** The longest script that the server ran for it, in milliseconds. */
  readonly longestScript: number;
  /** Memory that this process took at most beyond what it had before, in bytes. */
  readonly memory: number;
  /** Memory that the server took at most beyond what it had before, in bytes. */
  readonly redisMemory: number;
  /** Processor time of the longest turn of the event loop, in milliseconds. */
  readonly held: number;
}

/** A server with a state of many keys and series, and a writer on it. */
export class LargeStepWorld implements AsyncDisposable {
  readonly #state = new AggregateState(SETTINGS);
  #next = 1_000n;

  private constructor(
    private readonly server: RedisServer,
    private readonly client: Redis,
    readonly store: RedisStateStore,
    readonly size: number,
  ) {}

  static async open(size: number): Promise<LargeStepWorld> {
    const server = await startRedis({ flavor: 'redis', settings: { 'slowlog-max-len': '100000' } });
    const client = new Redis(server.url);
    const store = new RedisStateStore({
      url: server.url,
      keyPrefix: 'litellm_exporter:bench',
      createState: (settings) => new AggregateState(settings),
      tuning: { commandTimeout: 30_000 },
    });
    const world = new LargeStepWorld(server, client, store, size);
    await world.#begin();
    return world;
  }

  get version(): string {
    return /redis_version:(\S+)/.exec(this.#info)?.[1] ?? '';
  }

  #info = '';

  async #begin(): Promise<void> {
    this.#info = await this.client.info('server');
    // What is measured is how long a script takes, not how long the server waits for a processor in the middle of one.
    spawnSync('chrt', ['--fifo', '--pid', '1', String(/process_id:(\d+)/.exec(this.#info)?.[1])]);
    const defined = Array.from({ length: this.size }, (_, at) => ({
      id: at + 1,
      kind: 'spend_by_tag' as const,
      key: [`feature:some-tag-${at}`],
    }));
    this.#state.apply({ ...emptyRecord(1, CLOCK), defined });
    this.#state.apply({ ...this.keys(0), version: 1 });
    await this.store.open();
    await this.store.claim(EPOCH);
    await this.store.replace({ epoch: EPOCH, checkpoint: this.#checkpoint(), state: this.#state });
  }

  /** A step that gives every series a new value in the bucket of now: one transaction that touches as many pairs. */
  pairs(round: number): StateRecord {
    const bucket = edgeOf(windowSpecs(SETTINGS).S, CLOCK) + windowSpecs(SETTINGS).S.length;
    const pairs = Array.from({ length: this.size }, (_, at): PairValue => [at + 1, bucket, round + 1, at / 7, 0]);
    return { ...emptyRecord(this.#state.version + 1, CLOCK), pairs: { spend_by_tag: pairs } };
  }

  /** A step that writes every key anew: `/global/spend/reset`. */
  keys(round: number): StateRecord {
    const entities = Array.from({ length: this.size }, (_, at) => ({
      op: 'put' as const,
      entity: {
        table: 'key' as const,
        token: at.toString(16).padStart(64, '0'),
        keyName: `sk-...${at % 10_000}`,
        keyAlias: `service-${at}`,
        userId: `user-${at % 5_000}`,
        teamId: `team-${at % 500}`,
        organizationId: '',
        budgetId: '',
        models: ['gpt-5'],
        spend: round,
        maxBudget: null,
        budgetResetAt: null,
        expires: null,
        blocked: false,
        maxParallelRequests: null,
        tpmLimit: null,
        rpmLimit: null,
      },
    }));
    return { ...emptyRecord(this.#state.version + 1, CLOCK), entities };
  }

  /** Stores a record as one step, and says what that has cost. */
  async cost(record: StateRecord): Promise<StepCost> {
    await this.client.config('SET', 'slowlog-log-slower-than', '500');
    await this.client.call('SLOWLOG', 'RESET');
    await this.client.config('RESETSTAT');
    globalThis.gc?.();
    const before = { own: resident('VmRSS'), redis: await this.#memory('used_memory') };
    writeFileSync('/proc/self/clear_refs', '5');
    const started = performance.now();
    const secondsSince = () => (performance.now() - started) / 1_000;
    const prev = lsnOf(this.#next);
    this.#next += 100n;
    const step = { epoch: EPOCH, prev, checkpoint: this.#checkpoint(), record };
    let seconds = 0;
    const held = await longestHold(async () => {
      await this.store.commit(step);
      seconds = secondsSince();
      await this.store.fold();
    });
    const foldSeconds = secondsSince();
    const longestScript = await this.#longestScript();
    return {
      seconds,
      foldSeconds,
      longestScript,
      memory: resident('VmHWM') - before.own,
      redisMemory: (await this.#memory('used_memory_peak')) - before.redis,
      held: held.processor,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store.close();
    this.client.disconnect();
    await this.server[Symbol.asyncDispose]();
  }

  #checkpoint(): Checkpoint {
    return { source: SOURCE, slot: 'slot', plugin: 'wal2json', next: lsnOf(this.#next), commitTime: CLOCK };
  }

  async #memory(field: 'used_memory' | 'used_memory_peak'): Promise<number> {
    return Number(new RegExp(`^${field}:(\\d+)`, 'm').exec(await this.client.info('memory'))?.[1]);
  }

  /** The longest of all scripts that took more than half a millisecond, in milliseconds; 0 where none did. */
  async #longestScript(): Promise<number> {
    const entries = (await this.client.call('SLOWLOG', 'GET', '100000')) as [number, number, number, string[]][];
    const scripts = entries.filter(([, , , [name]]) => /^eval/i.test(String(name)));
    return scripts.reduce((most, [, , time]) => Math.max(most, time), 0) / 1_000;
  }
}

/** A figure of this process's memory in bytes. */
function resident(field: 'VmRSS' | 'VmHWM'): number {
  return 1_024 * Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
}
