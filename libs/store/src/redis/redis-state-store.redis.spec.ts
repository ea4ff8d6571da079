import { afterAll, beforeAll } from '@jest/globals';
import { RedisDeployment } from '../../../../test/contracts/redis-deployment.js';
import { describeStateStore } from '../../../../test/contracts/state-store.contract.js';
import { type RedisServer, startRedis } from '../../../../test/support/redis-server.js';

let server: RedisServer;

beforeAll(async () => {
  server = await startRedis();
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

describeStateStore('Redis', {
  open: async () => {
    const deployment = new RedisDeployment(server);
    return {
      store: () => deployment.store({ options: { tuning: { foldInterval: 5 } } }),
      [Symbol.asyncDispose]: () => deployment[Symbol.asyncDispose](),
    };
  },
  large: 20_000,
});
