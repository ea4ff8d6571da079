import { lsnOf } from '@app/change';
import { describe, expect, it } from '@jest/globals';
import { checkpointAt } from '../../../../test/contracts/state-steps.js';
import { encodeCheckpoint } from './codec/checkpoint.js';
import { Durability } from './durability.js';
import { StoreKeys } from './keys.js';
import type { RedisConnection } from './redis-connection.js';

/** A server with an append-only file that is written when it is told to. */
class FakeServer {
  readonly asked: string[] = [];
  stored: number | null = null;
  synced = true;
  failure: Error | null = null;

  connection(): RedisConnection {
    const pipeline = async (commands: readonly (readonly unknown[])[]): Promise<unknown[]> => {
      this.asked.push(...commands.map(([name]) => String(name)));
      if (this.failure !== null) throw this.failure;
      const checkpoint = this.stored === null ? null : Buffer.from(encodeCheckpoint(checkpointAt(this.stored)));
      return [checkpoint, 'OK', [this.synced ? 1 : 0, 0]];
    };
    return { pipeline } as unknown as RedisConnection;
  }
}

describe('W2: what survives a crash of the store', () => {
  const parts = (server: FakeServer, durableAfter = 1_000) =>
    new Durability({ connection: server.connection(), keys: new StoreKeys('p'), durableAfter, patience: 100 });

  it('is what the server held when its append-only file was last synced after', async () => {
    const server = new FakeServer();
    const durability = parts(server);
    server.stored = 100;
    expect(await durability.position()).toBe(100n);
    server.stored = 200;
    server.synced = false;
    expect(await durability.position()).toBe(100n);
    server.synced = true;
    expect(await durability.position()).toBe(200n);
    expect(server.asked.slice(0, 3)).toEqual(['HGET', 'SET', 'WAITAOF']);
  });

  it('is nothing where nothing is stored, and the last known while the server does not answer', async () => {
    const server = new FakeServer();
    const durability = parts(server);
    expect(await durability.position()).toBeNull();
    server.stored = 100;
    expect(await durability.position()).toBe(100n);
    server.failure = new Error('Connection is closed.');
    expect(await durability.position()).toBe(100n);
  });

  it.each(['ERR unknown command', 'ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.'])(
    'is told by age where the server says %s, and never more than it still holds',
    async (message) => {
      const server = new FakeServer();
      const durability = parts(server, 0);
      server.failure = Object.assign(new Error(message), { name: 'ReplyError' });
      server.stored = 300;
      durability.stored(lsnOf(300n));
      expect(await durability.position()).toBeNull();
      server.failure = null;
      expect(await durability.position()).toBe(300n);
      server.stored = 200;
      expect(await durability.position()).toBe(200n);
    },
  );

  it('does not count a checkpoint that was stored a moment ago', async () => {
    const server = new FakeServer();
    const durability = parts(server, 60_000);
    server.failure = Object.assign(new Error('ERR unknown command'), { name: 'ReplyError' });
    await durability.position();
    server.failure = null;
    server.stored = 300;
    durability.stored(lsnOf(300n));
    expect(await durability.position()).toBeNull();
  });
});
