import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from '../../scripts/servers/free-port.mjs';
import { type Guardian, guard } from '../../scripts/servers/guardian.mjs';
import { valkeyProgram } from '../../scripts/setup/valkey.mjs';
import { awaitUntil } from './await-until.js';

/** A Redis for specs, with its append-only file synced every second. */
export interface RedisServer {
  readonly url: string;
  readonly port: number;
  /** Where its files lie; empty for a server that was given. */
  readonly directory: string;
  /** False for a server that was given by `TEST_REDIS_URL`: it can't be stopped or restarted. */
  readonly own: boolean;
  /** Ends the process; SIGTERM saves first, SIGKILL loses what was not synced. Resolves when it is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Sends a signal and waits for nothing. */
  signal(signal: NodeJS.Signals): void;
  /** Starts it again (after a stop, or after stopping it with SIGTERM) on the same port and files. */
  restart(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The machine's Redis, whatever its version, or a server that knows WAITAOF: Valkey, or Redis 7.2 and later. */
export type RedisFlavor = 'redis' | 'valkey';

/** What kind of server, and its settings as in redis.conf. */
export interface RedisOptions {
  readonly flavor?: RedisFlavor;
  readonly settings?: Readonly<Record<string, string>>;
}

/**
 * Starts a Redis of its own directory and port, which is killed and removed when this process ends, whatever ends it; or uses the one
 * `TEST_REDIS_URL` names, unless a flavor or settings are asked for.
 */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const given = process.env.TEST_REDIS_URL;
  const { flavor = 'redis', settings = {} } = options;
  const plain = flavor === 'redis' && options.settings === undefined;
  if (given !== undefined && given !== '' && plain) return givenRedis(given);
  const directory = mkdtempSync(join(tmpdir(), 'exporter-redis-'));
  const server = new LocalRedis(directory, await freePort(), { flavor, settings }, guard('KILL', directory));
  try {
    await server.restart();
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

function givenRedis(url: string): RedisServer {
  const refuse = async (): Promise<never> => {
    throw new Error('a Redis given by TEST_REDIS_URL is not stopped by tests: ask for settings to get one of your own');
  };
  const port = Number(new URL(url).port || 6379);
  return {
    url,
    port,
    directory: '',
    own: false,
    signal: () => {},
    stop: refuse,
    restart: refuse,
    [Symbol.asyncDispose]: async () => {},
  };
}

class LocalRedis implements RedisServer {
  readonly own = true;
  readonly url: string;
  private child: ChildProcess | undefined;

  constructor(
    readonly directory: string,
    readonly port: number,
    private readonly options: Required<RedisOptions>,
    private readonly guardian: Guardian,
  ) {
    this.url = `redis://127.0.0.1:${port}`;
  }

  async restart(): Promise<void> {
    await this.stop();
    const settings = {
      bind: '127.0.0.1',
      port: String(this.port),
      dir: this.directory,
      save: '',
      appendonly: 'yes',
      appendfsync: 'everysec',
      ...this.options.settings,
    };
    const argv = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
    const logFile = openSync(join(this.directory, 'log'), 'a');
    const child = spawn(this.program(), argv, {
      cwd: this.directory,
      detached: true,
      stdio: ['ignore', logFile, logFile],
    });
    closeSync(logFile);
    child.unref();
    let failure: Error | undefined;
    child.once('error', (error) => {
      failure = error;
      this.child = undefined;
    });
    child.once('exit', () => {
      this.child = undefined;
      this.guardian.watch(undefined);
    });
    this.child = child;
    this.guardian.watch(child.pid);
    await awaitUntil(() => this.child === undefined || this.answers(), { timeout: 20_000, what: 'an answer of Redis' });
    if (failure !== undefined)
      throw new Error('redis-server is not installed: install it, or set TEST_REDIS_URL', { cause: failure });
    if (this.child === undefined) throw new Error(`Redis ended: ${readFileSync(join(this.directory, 'log'), 'utf8')}`);
  }

  private program(): string {
    const program = this.options.flavor === 'valkey' ? valkeyProgram() : 'redis-server';
    if (program === undefined) throw new Error('no server that knows WAITAOF is installed: set TEST_VALKEY_BIN');
    return program;
  }

  private async answers(): Promise<boolean> {
    const client = new Redis(this.url, { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 });
    client.on('error', () => {});
    try {
      await client.connect();
      return (await client.ping()) === 'PONG';
    } finally {
      client.disconnect();
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.child;
    if (child === undefined) return;
    child.ref();
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill(signal);
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.guardian.dismiss();
  }
}
