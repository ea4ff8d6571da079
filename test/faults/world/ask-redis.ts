import { Redis } from 'ioredis';
import type { RedisServer } from '../../support/redis-server.js';

/** Asks a Redis something on a connection of its own. */
export async function askRedis<T>(server: RedisServer, work: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(server.url, { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 });
  client.on('error', () => {});
  try {
    await client.connect();
    return await work(client);
  } finally {
    client.disconnect();
  }
}
