import { type AggregateSettings, AggregateState } from '@app/aggregates';
import { RedisStateStore } from '@app/store';
import { afterAll, beforeAll, describe } from '@jest/globals';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { holdsExactlyOnce } from './exactly-once.contract.js';

describe('a pipeline with state in Redis', () => {
  let redis: RedisServer;
  let runs = 0;

  beforeAll(async () => {
    redis = await startRedis();
  });

  afterAll(async () => {
    await redis[Symbol.asyncDispose]();
  });

  holdsExactlyOnce(Number(process.env.EXACTLY_ONCE_RUNS ?? 30), () => {
    runs += 1;
    const options = {
      url: redis.url,
      keyPrefix: `exactly-once-${process.pid}-${runs}`,
      createState: (settings: AggregateSettings) => new AggregateState(settings),
      // A checkpoint counts as durable soon: no run of this test waits for Redis' disk. A record is staged now and then.
      tuning: { durableAfter: 20, foldInterval: 20, stageBytes: 2_000, sliceItems: 5 },
    };
    return { open: () => new RedisStateStore(options), durability: 'external' };
  });
});
