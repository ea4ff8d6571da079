import { type ExporterProcess, startExporter } from '../../support/exporter-process.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { imageEnvironment } from '../framework/image-environment.js';
import type { Plugin } from './backlog.js';
import type { BenchDatabase } from './bench-database.js';
import { Owned } from './owned.js';

/** An exporter that has seeded and streams, with a Redis of its own. */
export interface StreamingExporter extends AsyncDisposable {
  readonly process: ExporterProcess;
  readonly redis: RedisServer;
  readonly slot: string;
}

/** What it is started with. */
export interface StreamingOptions {
  readonly plugin: Plugin;
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds until it has to be ready. */
  readonly patience?: number;
}

/** Starts an exporter on the database and waits until it streams. */
export async function startStreaming(database: BenchDatabase, options: StreamingOptions): Promise<StreamingExporter> {
  const { plugin, env = {}, patience = 900_000 } = options;
  await using stack = new Owned();
  const redis = stack.use(await startRedis({ settings: { appendonly: 'yes' } }));
  const slot = `bench_${plugin}`;
  const profile = process.env.BENCH_PROFILE;
  const exporter = stack.use(
    await startExporter({
      env: {
        ...imageEnvironment(),
        ...database.env,
        REPLICATION_PLUGIN: plugin,
        REPLICATION_SLOT: slot,
        REPLICATION_PUBLICATION: slot,
        REDIS_URL: redis.url,
        REDIS_KEY_PREFIX: slot,
        ...env,
      },
      ...(profile === undefined ? {} : { nodeArgv: ['--cpu-prof', `--cpu-prof-dir=${profile}`] }),
    }),
  );
  await exporter.awaitReady(patience);
  await exporter.awaitLog(/streaming$/, patience);
  const owned = stack.move();
  return { process: exporter, redis, slot, [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose]() };
}
