import { type AggregateSettings, AggregateState } from '@app/aggregates';
import { RedisStateStore } from '@app/store';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { awaitUntil } from '../support/await-until.js';
import { describeOnValkey } from '../support/describe-on-valkey.js';
import { FakePostgres } from '../support/fake-postgres.js';
import { FaultyStore } from '../support/faulty-store.js';
import { type GivenPipeline, givenPipeline, spend } from '../support/given-pipeline.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';

const PATIENCE = { timeout: 20_000, interval: 10 };

describeOnValkey('what PostgreSQL hears of, with a store that says what is on its disk', () => {
  let redis: RedisServer;
  let client: Redis;
  let server: FakePostgres;
  let pipeline: GivenPipeline;
  /** Times at which the store was asked for what is durable, and has answered. */
  let asked: number;

  beforeEach(async () => {
    redis = await startRedis({ flavor: 'valkey' });
    client = new Redis(redis.url);
    server = new FakePostgres();
    asked = 0;
  });
  afterEach(async () => {
    await pipeline?.stop();
    await pipeline?.store.close();
    client?.disconnect();
    await redis?.[Symbol.asyncDispose]();
  });

  async function begin(url: string): Promise<void> {
    const createState = (settings: AggregateSettings) => new AggregateState(settings);
    const inner = new RedisStateStore({ url, keyPrefix: 'acknowledged', createState });
    const store = new FaultyStore(inner);
    store.reach = (point) => {
      if (point === 'durable') asked += 1;
    };
    pipeline = givenPipeline(server, { store, updateInterval: 30 });
    await pipeline.streaming();
  }

  const stored = (): bigint => pipeline.store.checkpoint?.next ?? -1n;
  const confirmed = (): bigint => server.slot?.confirmed ?? -1n;

  it('W2: is confirmed once it is synced, and nothing while the server does not sync, whatever is stored', async () => {
    // As the documents say: who may not ask for settings is never told that the server is told not to sync.
    const rights = '+@read +@write +@scripting +@connection +info ~*'.split(' ');
    await client.acl('SETUSER', 'exporter', 'on', '>secret', ...rights);
    await begin(redis.url.replace('//', '//exporter:secret@'));
    server.commit([spend()]);
    await pipeline.caughtUp();
    await client.config('SET', 'appendfsync', 'no');
    // A sync that was under way before may still be answered.
    await awaitUntil(() => asked > 0, PATIENCE);
    const unsynced = server.commit([spend()]).endLsn;
    await awaitUntil(() => stored() >= unsynced, PATIENCE);
    const after = asked;
    await awaitUntil(() => asked >= after + 3, PATIENCE);
    expect(confirmed()).toBeLessThan(unsynced);
    await client.config('SET', 'appendfsync', 'everysec');
    await awaitUntil(() => confirmed() >= unsynced, PATIENCE);
  });

  it('W2, W3: is never more than is left after kill -9 of the store, and the stream goes on without a row lost or doubled', async () => {
    await begin(redis.url);
    for (let crash = 1; crash <= 3; crash++) {
      for (let rows = 0; rows < 20; rows++) server.commit([spend({ model: `m${crash}` })]);
      const end = server.lastCommitEnd;
      if (crash > 1) await awaitUntil(() => stored() >= end, PATIENCE);
      const heard = confirmed();
      await redis.stop('SIGKILL');
      await redis.restart();
      const checkpoint = await client.hget('{acknowledged}:meta', 'checkpoint');
      const left = BigInt(`0x${(JSON.parse(String(checkpoint)) as { next: string }).next}`);
      expect(left).toBeGreaterThanOrEqual(heard);
      await pipeline.caughtUp();
    }
    const rows = [...pipeline.state.counters('requests_processed')].map(({ value }) => value);
    expect(rows.reduce((sum, value) => sum + value, 0)).toBe(60);
    expect(server.seeds).toHaveLength(1);
  }, 60_000);
});
