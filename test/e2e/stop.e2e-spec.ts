import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Scene } from '../oracle/scene.js';
import { awaitUntil } from '../support/await-until.js';
import { type ExporterProcess, startExporter } from '../support/exporter-process.js';
import { type PostgresServer, startPostgres } from '../support/postgres-server.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { type TcpProxy, tcpProxy } from '../support/tcp-proxy.js';

jest.setTimeout(240_000);

/** An exporter that takes longer than its own deadline ends with 1, so 0 says that it kept it. */
const CLEAN = { code: 0, signal: null };
const PATIENCE = 30_000;

describe('SIGTERM', () => {
  let postgres: PostgresServer;
  let redis: RedisServer;
  let scene: Scene;
  let links: { postgres: TcpProxy; redis: TcpProxy };
  let exporter: ExporterProcess;

  const launch = (env: Record<string, string> = {}): Promise<ExporterProcess> => {
    const url = new URL(postgres.url(scene.database));
    url.port = String(links.postgres.port);
    return startExporter({
      env: { DATABASE_URL: url.href, REDIS_URL: `redis://127.0.0.1:${links.redis.port}`, ...env },
    });
  };
  const counted = async (of: ExporterProcess): Promise<number> =>
    (await of.scrape()).samples('litellm_requests_processed_total').reduce((sum, { value }) => sum + value, 0);
  const shows = (of: ExporterProcess, rows: number): Promise<boolean> =>
    awaitUntil(async () => (await counted(of)) === rows, { timeout: 60_000, interval: 50, what: `${rows} rows` });

  beforeAll(async () => {
    postgres = await startPostgres({ flavor: 'debian-15', settings: { track_commit_timestamp: 'on' } });
  });
  afterAll(async () => {
    await postgres?.[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    redis = await startRedis({ settings: {} });
    links = { postgres: await tcpProxy(postgres.port), redis: await tcpProxy(redis.port) };
    scene = await Scene.open({ server: postgres });
  });
  afterEach(async () => {
    await exporter?.stop('SIGKILL');
    await scene?.[Symbol.asyncDispose]();
    await links?.postgres[Symbol.asyncDispose]();
    await links?.redis[Symbol.asyncDispose]();
    await redis?.[Symbol.asyncDispose]();
  });

  /** An exporter that has counted 100 rows. */
  async function streaming(): Promise<void> {
    exporter = await launch();
    await exporter.awaitReady(60_000);
    await scene.rows(100);
    await shows(exporter, 100);
  }

  /** Nobody listens any more behind this link. */
  function takeAway(link: TcpProxy): void {
    link.aim();
    link.cut();
  }

  it.each<[string, () => void]>([
    ['Redis does not answer', () => links.redis.silence()],
    ['Redis is gone', () => takeAway(links.redis)],
    ['PostgreSQL does not answer', () => links.postgres.silence()],
    ['PostgreSQL is gone', () => takeAway(links.postgres)],
  ])('ends with 0 while %s, and the next process counts every row once, without a new seed', async (_what, happens) => {
    await streaming();
    happens();
    await scene.rows(200);
    await pause(500);
    expect(await exporter.stop('SIGTERM', PATIENCE)).toEqual(CLEAN);
    links.postgres.aim(postgres.port);
    links.redis.aim(redis.port);
    for (const link of [links.postgres, links.redis]) link.heal();
    exporter = await launch();
    await exporter.awaitReady(60_000);
    await shows(exporter, 300);
    expect((await exporter.scrape()).samples('litellm_exporter_seeds_total').map(({ value }) => value)).toEqual([1]);
    expect(await exporter.stop('SIGTERM', PATIENCE)).toEqual(CLEAN);
  });

  it('ends with 0 under load, having stored and confirmed what it had read', async () => {
    await streaming();
    await scene.oracle.unwatchSpendLogs();
    const writing = scene.simulator.writeHistory({ rows: 10_000, days: 0.5, rowsPerTransaction: 200 });
    await awaitUntil(async () => (await counted(exporter)) > 2_000, { timeout: 60_000, what: 'some of the rows' });
    expect(await exporter.stop('SIGTERM', PATIENCE)).toEqual(CLEAN);
    expect(exporter.logs.filter((line) => line.includes('ERROR'))).toEqual([]);
    expect(exporter.logs.at(-1)).toMatch(
      /stopped: the state holds all that was committed before [0-9A-F]+\/[0-9A-F]+$/,
    );
    await writing;
    exporter = await launch();
    await shows(exporter, 10_100);
  });

  it('ends with 0 while it seeds, and the next process seeds from the start', async () => {
    await scene.oracle.unwatchSpendLogs();
    await scene.simulator.writeHistory({ rows: 100_000, days: 29 });
    exporter = await launch();
    const progress = async (): Promise<boolean> =>
      Number((await exporter.scrape()).value('litellm_exporter_seed_progress_ratio')) > 0;
    await awaitUntil(progress, { timeout: 60_000, interval: 10, what: 'progress of the seed' });
    expect((await fetch(`${exporter.origin}/readyz`)).status).toBe(503);
    expect(await exporter.stop('SIGTERM', PATIENCE)).toEqual(CLEAN);
    exporter = await launch();
    await exporter.awaitReady(120_000);
    const seeds = (await exporter.scrape()).samples('litellm_exporter_seeds_total');
    expect(seeds.map(({ labels, value }) => [labels.reason, value])).toEqual([['first', 1]]);
  });

  it('ends with 0 while another process leads, and while no store has answered yet', async () => {
    await streaming();
    const other = await launch();
    await other.awaitReady(60_000);
    await other.awaitLog(/another exporter consumes slot/);
    const status = await (await fetch(`${other.origin}/status.json`)).json();
    expect(status).toMatchObject({ phase: 'following', failure: null });
    const scrape = await other.scrape();
    for (const dependency of ['postgres', 'redis']) expect(scrape.value('litellm_exporter_up', { dependency })).toBe(1);
    expect(await other.stop('SIGTERM', PATIENCE)).toEqual(CLEAN);
    links.redis.silence();
    const late = await launch();
    await late.awaitLog(/metrics at/);
    expect(await late.stop('SIGTERM', PATIENCE)).toEqual(CLEAN);
  });

  it('twice ends at once, with 1', async () => {
    await streaming();
    links.redis.silence();
    await scene.rows(10);
    await pause(200);
    exporter.signal('SIGTERM');
    await exporter.awaitLog(/a second signal ends at once/);
    exporter.signal('SIGTERM');
    expect(await exporter.ended).toEqual({ code: 1, signal: null });
  });
});
