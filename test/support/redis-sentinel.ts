import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from '../../scripts/servers/free-port.mjs';
import { guard } from '../../scripts/servers/guardian.mjs';
import { awaitUntil } from './await-until.js';

/** A Sentinel for specs: alone it decides that a master is down, after half a second. */
export interface RedisSentinel {
  readonly address: { readonly host: string; readonly port: number };
  readonly client: Redis;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts a Sentinel that watches the server at `port` as `name`; resolves when it knows one replica of it. */
export async function startSentinel(name: string, port: number, lines: readonly string[] = []): Promise<RedisSentinel> {
  const directory = mkdtempSync(join(tmpdir(), 'exporter-sentinel-'));
  const own = await freePort();
  const config = join(directory, 'sentinel.conf');
  const told = [`monitor ${name} 127.0.0.1 ${port} 1`, `down-after-milliseconds ${name} 500`];
  const wishes = [...told, `failover-timeout ${name} 3000`].map((line) => `sentinel ${line}`);
  writeFileSync(config, ['bind 127.0.0.1', `port ${own}`, `dir ${directory}`, ...wishes, ...lines, ''].join('\n'));
  const guardian = guard('KILL', directory);
  const log = openSync(join(directory, 'log'), 'a');
  const child = spawn('redis-server', [config, '--sentinel'], {
    cwd: directory,
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  child.unref();
  guardian.watch(child.pid);
  const client = new Redis({ host: '127.0.0.1', port: own, retryStrategy: () => 100 });
  client.on('error', () => {});
  const dispose = async (): Promise<void> => {
    client.disconnect();
    await guardian.dismiss();
  };
  try {
    const replicas = async () => ((await client.call('SENTINEL', 'REPLICAS', name)) as unknown[]).length > 0;
    await awaitUntil(replicas, { timeout: 20_000, what: 'a Sentinel that knows the replica' });
  } catch (error) {
    await dispose();
    throw error;
  }
  return { address: { host: '127.0.0.1', port: own }, client, [Symbol.asyncDispose]: dispose };
}
