import type pg from 'pg';
import { Pool } from 'pg';
import { Simulator, type SizeName, type WorldSize, worldSizes } from '../../../apps/simulator/src/index.js';
import { type PostgresServer, startPostgres } from '../../support/postgres-server.js';
import { sqlClient } from '../../support/replication-session.js';
import { Owned } from './owned.js';

/** A PostgreSQL with LiteLLM's tables and entities, and what writes into them. */
export interface BenchDatabase extends AsyncDisposable {
  readonly server: PostgresServer;
  readonly name: string;
  readonly url: string;
  /** A superuser's session. */
  readonly sql: pg.Client;
  readonly simulator: Simulator;
  /** What the exporter is started with to reach it, as a superuser. */
  readonly env: Readonly<Record<string, string>>;
}

/** How the database differs from an empty one for catch-up. */
export interface BenchDatabaseOptions {
  /** Bytes of prompt in every row; a response of a quarter of it comes with it. */
  readonly promptBytes?: number;
  /** Whether callers make up models and tags, so that series become more with every row; true. */
  readonly invented?: boolean;
  /** How large the company is; 300 users, 60 teams and 500 keys without a word. */
  readonly size?: SizeName | WorldSize;
  /** Settings of the server beside {@link SETTINGS}. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** As a server of two cores is set up, less what makes runs differ: a vacuum or a checkpoint in the middle of one. */
const SETTINGS: Readonly<Record<string, string>> = {
  shared_buffers: '512MB',
  max_wal_size: '32GB',
  checkpoint_timeout: '1d',
  autovacuum: 'off',
  log_line_prefix: '%n ',
  log_replication_commands: 'on',
  log_checkpoints: 'off',
};

/** Starts a server of its own with LiteLLM's tables and the entities of a company; no spend logs yet. */
export async function openBenchDatabase(options: BenchDatabaseOptions = {}): Promise<BenchDatabase> {
  await using stack = new Owned();
  const server = stack.use(
    await startPostgres({ flavor: 'debian-15', settings: { ...SETTINGS, ...options.settings } }),
  );
  const name = await server.createDatabase();
  const url = server.url(name);
  const sql = stack.use(await sqlClient(url));
  const pool = new Pool({ connectionString: url, max: 2 });
  // The server may be stopped before the pool is.
  pool.on('error', () => {});
  stack.defer(() => pool.end());
  const { size = 'medium' } = options;
  const simulator = new Simulator(pool, {
    seed: 'bench',
    size: typeof size === 'string' ? worldSizes[size] : size,
    promptBytes: options.promptBytes ?? 0,
    invented: options.invented ?? true,
  });
  await simulator.createTables();
  await simulator.seedWorld();
  const env = { DATABASE_URL: url, METRICS_HOST: '127.0.0.1', LOG_LEVEL: 'info' };
  const owned = stack.move();
  return { server, name, url, sql, simulator, env, [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose]() };
}
