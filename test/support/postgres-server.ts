import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { freePort } from '../../scripts/servers/free-port.mjs';
import { type Guardian, guard } from '../../scripts/servers/guardian.mjs';
import { knowsSetting, postgresPrograms, reachablePrograms } from '../../scripts/servers/postgres-binaries.mjs';
import { accountDirectory, type ServerAccount, serverAccount } from '../../scripts/servers/server-account.mjs';
import { awaitUntil } from './await-until.js';
import { givenPostgres } from './given-postgres.js';
import type { DataCopy, PostgresOptions, PostgresServer, StopMode } from './postgres-contract.js';

export { type PostgresFlavor, postgresPrograms } from '../../scripts/servers/postgres-binaries.mjs';
export type { DataCopy, PostgresOptions, PostgresServer, StopMode } from './postgres-contract.js';

const signals = { fast: 'SIGINT', immediate: 'SIGQUIT', smart: 'SIGTERM' } as const;

const testSettings: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  wal_level: 'logical',
  max_replication_slots: '40',
  max_wal_senders: '40',
  max_connections: '100',
  shared_buffers: '32MB',
  timezone: 'Australia/Eucla',
  log_timezone: 'UTC',
  fsync: 'off',
  full_page_writes: 'off',
};

/**
 * Starts a server of its own directory and port, which is killed and removed when this process ends, whatever ends it. With
 * `TEST_POSTGRES_URL` (or `TEST_POSTGRES18_URL` for the embedded flavor) it uses that server instead, unless settings are asked for; what is
 * required, that server must have.
 * Throws where the machine has no such PostgreSQL, naming what to install or set.
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const variable = options.flavor === 'debian-15' ? 'TEST_POSTGRES_URL' : 'TEST_POSTGRES18_URL';
  const given = process.env[variable];
  if (given !== undefined && given !== '' && options.settings === undefined) {
    return givenPostgres(given, options.requires);
  }
  const installed = postgresPrograms(options.flavor);
  if (installed === undefined) {
    throw new Error(
      `no PostgreSQL for '${options.flavor}': install postgresql with wal2json (Debian), run npm ci, or set ${variable}`,
    );
  }
  const account = serverAccount();
  const directory = accountDirectory(account, 'exporter-postgres-');
  const server = new LocalPostgres(directory, account, guard('QUIT', directory));
  try {
    server.prepare(reachablePrograms(installed, account, directory), options);
    await server.start();
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

class LocalPostgres implements PostgresServer {
  readonly host = '127.0.0.1';
  readonly user = 'postgres';
  readonly password = 'secret of tests';
  readonly own = true;
  readonly dataDirectory: string;
  port = 0;
  version = '';
  private programs = '';
  private child: ReturnType<typeof spawn> | undefined;

  constructor(
    private readonly directory: string,
    private readonly account: ServerAccount,
    private readonly guardian: Guardian,
  ) {
    this.dataDirectory = join(directory, 'data');
  }

  prepare(programs: string, { settings = {}, requires = {}, from }: PostgresOptions): void {
    this.programs = programs;
    if (from === undefined) this.initialise();
    else this.copy(from);
    const name = 'output_plugin_libraries';
    const knowsPlugins = knowsSetting(programs, this.account, { data: this.dataDirectory, name });
    const plugins = knowsPlugins ? { [name]: 'pgoutput, test_decoding, wal2json' } : {};
    const lines = Object.entries({ ...testSettings, ...plugins, ...requires, ...settings }).map(
      ([key, value]) => `${key} = '${value.replaceAll("'", "''")}'\n`,
    );
    writeFileSync(join(this.dataDirectory, 'postgresql.auto.conf'), lines.join(''));
  }

  private copy({ dataDirectory, standby = false }: DataCopy): void {
    execFileSync('cp', ['-a', dataDirectory, this.dataDirectory]);
    if (standby) writeFileSync(join(this.dataDirectory, 'standby.signal'), '');
  }

  private initialise(): void {
    const passwordFile = join(this.directory, 'password');
    writeFileSync(passwordFile, `${this.password}\n`, { mode: 0o644 });
    const argv = ['-D', this.dataDirectory, '-U', this.user, '-A', 'scram-sha-256', `--pwfile=${passwordFile}`];
    argv.push('-E', 'UTF8', '--locale=C', '--no-sync');
    try {
      execFileSync(join(this.programs, 'initdb'), argv, { ...this.account, cwd: this.directory, stdio: 'pipe' });
    } catch (error) {
      throw new Error(`initdb failed: ${(error as { stderr?: Buffer }).stderr?.toString() ?? ''}`, { cause: error });
    }
  }

  async start(): Promise<void> {
    if (this.child !== undefined) throw new Error('this PostgreSQL is running already');
    const attempts = this.port === 0 ? 3 : 1;
    for (let attempt = 1; ; attempt += 1) {
      const port = this.port === 0 ? await freePort() : this.port;
      try {
        await this.launch(port);
        this.port = port;
        return;
      } catch (error) {
        if (attempt === attempts) throw error;
      }
    }
  }

  private async launch(port: number): Promise<void> {
    const logFile = openSync(join(this.directory, 'log'), 'a');
    const child = spawn(join(this.programs, 'postgres'), ['-D', this.dataDirectory, '-p', String(port)], {
      ...this.account,
      cwd: this.directory,
      detached: true,
      stdio: ['ignore', logFile, logFile],
    });
    closeSync(logFile);
    child.unref();
    child.once('exit', () => {
      this.child = undefined;
      this.guardian.watch(undefined);
    });
    this.child = child;
    this.guardian.watch(child.pid);
    const version = () => (this.child === undefined ? 'ended' : this.askVersion(port));
    this.version = await awaitUntil(version, { timeout: 30_000, what: 'a connection to PostgreSQL' });
    if (this.child === undefined) throw new Error(`PostgreSQL ended: ${this.log()}`);
  }

  private async askVersion(port: number): Promise<string> {
    const client = new pg.Client({
      host: this.host,
      port,
      user: this.user,
      password: this.password,
      database: 'postgres',
    });
    client.on('error', () => {});
    try {
      await client.connect();
      const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
      return rows[0]?.server_version ?? '';
    } finally {
      await client.end().catch(() => {});
    }
  }

  url(database = 'postgres'): string {
    return `postgresql://${this.user}:${encodeURIComponent(this.password)}@${this.host}:${this.port}/${database}`;
  }

  async createDatabase(): Promise<string> {
    const name = `test_${randomBytes(6).toString('hex')}`;
    const client = new pg.Client(this.url());
    await client.connect();
    try {
      await client.query(`CREATE DATABASE ${name}`);
    } finally {
      await client.end();
    }
    return name;
  }

  async stop(mode: StopMode): Promise<number> {
    const child = this.child;
    if (child === undefined) return 0;
    const began = performance.now();
    child.ref();
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill(signals[mode]);
    await ended;
    return performance.now() - began;
  }

  log(): string {
    const file = join(this.directory, 'log');
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.guardian.dismiss();
  }
}
