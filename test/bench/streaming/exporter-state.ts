import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LSN_ZERO, type Lsn, lsnFromHex } from '@app/change';
import { Redis } from 'ioredis';
import { type RedisServer, startRedis } from '../../support/redis-server.js';

/** A Redis that can be put back to where it stood at a moment, and asked how far the state in it reaches. */
export interface RewindableRedis extends AsyncDisposable {
  readonly url: string;
  readonly version: string;
  /** Remembers what it holds now. */
  remember(): Promise<void>;
  /** Puts it back to what was remembered. */
  rewind(): Promise<void>;
  /** The position up to which the exporter's state is stored; 0 where there is none. */
  stored(): Promise<Lsn>;
}

/** Starts one. `keyPrefix` is the exporter's REDIS_KEY_PREFIX. */
export async function startRewindableRedis(keyPrefix: string): Promise<RewindableRedis> {
  const server = await startRedis({ settings: { appendonly: 'yes' } });
  const remembered = mkdtempSync(join(tmpdir(), 'exporter-redis-kept-'));
  let client = await connect(server);
  const version = /redis_version:(\S+)/.exec(await client.info('server'))?.[1] ?? 'unknown';
  const swap = async (from: string, to: string): Promise<void> => {
    client.disconnect();
    await server.stop();
    rmSync(join(to, 'appendonlydir'), { recursive: true, force: true });
    cpSync(join(from, 'appendonlydir'), join(to, 'appendonlydir'), { recursive: true });
    await server.restart();
    client = await connect(server);
  };
  return {
    url: server.url,
    version,
    remember: () => swap(server.directory, remembered),
    rewind: () => swap(remembered, server.directory),
    stored: async () => {
      const text = await client.hget(`{${keyPrefix}}:meta`, 'checkpoint');
      return text === null ? LSN_ZERO : lsnFromHex((JSON.parse(text) as { next: string }).next);
    },
    [Symbol.asyncDispose]: async () => {
      client.disconnect();
      rmSync(remembered, { recursive: true, force: true });
      await server[Symbol.asyncDispose]();
    },
  };
}

async function connect(server: RedisServer): Promise<Redis> {
  const client = new Redis(server.url);
  client.on('error', () => {});
  await client.ping();
  return client;
}
