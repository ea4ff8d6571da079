import { expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { startRedis } from './redis-server.js';

it('a Redis keeps what it stored across a restart, on the same port', async () => {
  await using server = await startRedis({ settings: { maxmemory: '64mb' } });
  const before = new Redis(server.url);
  await before.set('key', 'value');
  await before.quit();
  await server.stop('SIGTERM');
  await server.restart();
  const after = new Redis(server.url);
  expect(await after.get('key')).toBe('value');
  expect(await after.config('GET', 'maxmemory')).toEqual(['maxmemory', String(64 * 1024 * 1024)]);
  await after.quit();
});
