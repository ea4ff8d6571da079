import { AggregateState, type StateStore } from '@app/aggregates';
import { afterAll, beforeAll } from '@jest/globals';
import { Redis } from 'ioredis';
import { SETTINGS } from '../../../../test/contracts/state-steps.js';
import { describeStateStore } from '../../../../test/contracts/state-store.contract.js';
import { type RedisServer, startRedis } from '../../../../test/support/redis-server.js';
import { RedisStateStore } from './redis-state-store.js';

let server: RedisServer;
let deployments = 0;

beforeAll(async () => {
  server = await startRedis();
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

describeStateStore('Redis', {
  open: async () => {
    const keyPrefix = `contract:${process.pid}:${deployments++}`;
    const options = { url: server.url, keyPrefix, settings: SETTINGS, createState: () => new AggregateState(SETTINGS) };
    const opened: StateStore[] = [];
    return {
      store: () => {
        const store = new RedisStateStore({ ...options, tuning: { foldInterval: 5, durableAfter: 0 } });
        opened.push(store);
        return store;
      },
      [Symbol.asyncDispose]: async () => {
        await Promise.all(opened.map((store) => store.close()));
        await deleteKeys(server.url, keyPrefix);
      },
    };
  },
  large: 20_000,
});

/** Deletes what a deployment has left behind. */
async function deleteKeys(url: string, prefix: string): Promise<void> {
  const client = new Redis(url);
  const keys = await client.keys(`{${prefix}}:*`);
  for (let at = 0; at < keys.length; at += 500) await client.unlink(...keys.slice(at, at + 500));
  await client.quit();
}
