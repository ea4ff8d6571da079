import { afterAll, beforeAll, describe } from '@jest/globals';
import { RedisDeployment } from '../../../../test/contracts/redis-deployment.js';
import { describeStateStore } from '../../../../test/contracts/state-store.contract.js';
import { describeOnValkey } from '../../../../test/support/describe-on-valkey.js';
import { type RedisFlavor, type RedisServer, startRedis } from '../../../../test/support/redis-server.js';

function keepsTheContract(name: string, flavor: RedisFlavor): void {
  let server: RedisServer;

  beforeAll(async () => {
    server = await startRedis({ flavor });
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
  });

  describeStateStore(name, {
    open: async () => {
      const deployment = new RedisDeployment(server);
      return {
        store: () => deployment.store({ options: { tuning: { foldInterval: 5 } } }),
        [Symbol.asyncDispose]: () => deployment[Symbol.asyncDispose](),
      };
    },
    large: 20_000,
  });
}

describe('a Redis of any version', () => {
  keepsTheContract('Redis', 'redis');
});

describeOnValkey('a server with WAITAOF', () => {
  keepsTheContract('Valkey', 'valkey');
});
