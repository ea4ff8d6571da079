import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Redis } from 'ioredis';
import pg from 'pg';
import { Scene, type SceneOptions } from '../oracle/scene.js';
import { awaitUntil } from '../support/await-until.js';
import { startExporter } from '../support/exporter-process.js';
import { type PostgresFlavor, type PostgresServer, startPostgres } from '../support/postgres-server.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';

jest.setTimeout(120_000);

const withCommitTimes = { track_commit_timestamp: 'on' };

/** Families that are there without a state. */
const own = /^(litellm_exporter_|process_|nodejs_)/;

/** Milliseconds that PostgreSQL may take to stop. */
const limit = 2_000;

const ending: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of ending.splice(0).reverse()) await one[Symbol.asyncDispose]();
});
const ended = <T extends AsyncDisposable>(one: T): T => {
  ending.push(one);
  return one;
};

const openScene = async (
  flavor: PostgresFlavor,
  options: Omit<SceneOptions, 'server'> = {},
): Promise<{ server: PostgresServer; scene: Scene }> => {
  const server = ended(await startPostgres({ flavor, settings: withCommitTimes }));
  const scene = ended(await Scene.open({ server, ...options }));
  return { server, scene };
};

/** Writes as fast as the database takes it, until that is stopped. */
const underLoad = (scene: Scene): Promise<unknown> =>
  scene.simulator
    .writeHistory({ rows: 1_000_000, days: 0.5, rowsPerTransaction: 200 })
    .catch((error: unknown) => error);

const hasApplied = (scene: Scene, rows: number) =>
  awaitUntil(
    async () => {
      const samples = (await scene.exporter.scrape()).samples('litellm_requests_processed_total');
      return samples.reduce((sum, { value }) => sum + value, 0) >= rows;
    },
    { timeout: 60_000, what: `${rows} rows that were applied` },
  );

const processOf = async ({ url }: RedisServer): Promise<number> => {
  const client = new Redis(url);
  try {
    return Number(/process_id:(\d+)/.exec(await client.info('server'))?.[1]);
  } finally {
    client.disconnect();
  }
};

describe.each([
  ['debian-15', 'wal2json'],
  ['embedded-18', 'pgoutput'],
] as const)('W11: pg_ctl stop -m fast ends within 2 s (%s, %s)', (flavor, plugin) => {
  const memory = { REPLICATION_PLUGIN: plugin };

  it('while the exporter streams under load', async () => {
    const { server, scene } = await openScene(flavor, { env: memory });
    await scene.startFirst();
    await scene.oracle.unwatchSpendLogs();
    const writing = underLoad(scene);
    await hasApplied(scene, 5_000);
    expect(await server.stop('fast')).toBeLessThan(limit);
    await writing;
  });

  it('while the exporter idles, and with Redis it goes on without a new seed when PostgreSQL is back', async () => {
    const redis = ended(await startRedis());
    const { server, scene } = await openScene(flavor, { env: { ...memory, REDIS_URL: redis.url } });
    await scene.rows(50);
    await scene.startFirst();
    await scene.rows(50);
    await scene.quiet();
    expect(await server.stop('fast')).toBeLessThan(limit);
    await server.start();
    const client = new pg.Client(server.url(scene.database));
    await client.connect();
    await client.query(`INSERT INTO "LiteLLM_TeamTable" (team_id, team_alias) VALUES ('new', 'after the stop')`);
    await client.end();
    const scrape = await awaitUntil(async () => {
      const now = await scene.exporter.scrape();
      return now.value('litellm_member_count', { team_id: 'new', team_alias: 'after the stop' }) === 0 && now;
    });
    expect(scrape.samples('litellm_exporter_seeds_total').map(({ value }) => value)).toEqual([1]);
  });

  it('while the exporter seeds', async () => {
    const { server, scene } = await openScene(flavor, { env: memory });
    await scene.oracle.unwatchSpendLogs();
    await scene.simulator.writeHistory({ rows: 300_000, days: 29 });
    const exporter = await scene.launch();
    await awaitUntil(async () => Number((await exporter.scrape()).value('litellm_exporter_seed_progress_ratio')) > 0, {
      timeout: 30_000,
      what: 'progress of the seed',
    });
    expect((await fetch(`${exporter.origin}/readyz`)).status).toBe(503);
    expect(await server.stop('fast')).toBeLessThan(limit);
  });

  it.each(['SIGSTOP', 'SIGKILL'] as const)('while its Redis is down (%s) and rows come', async (signal) => {
    const redis = ended(await startRedis({ settings: {} }));
    const { server, scene } = await openScene(flavor, { env: { ...memory, REDIS_URL: redis.url } });
    await scene.startFirst();
    await scene.rows(100);
    await scene.quiet();
    process.kill(await processOf(redis), signal);
    await scene.rows(500);
    const sent = `SELECT 1 FROM pg_stat_replication WHERE sent_lsn >= $1::pg_lsn`;
    const { rows } = await scene.sql.query('SELECT pg_current_wal_flush_lsn() AS lsn');
    await awaitUntil(async () => (await scene.sql.query(sent, [rows[0].lsn])).rowCount === 1, {
      what: 'rows that were sent and can not be stored',
    });
    expect(await server.stop('fast')).toBeLessThan(limit);
  });
});

describe('W11: what the exporter leaves behind and holds up', () => {
  const slots = `SELECT slot_name FROM pg_replication_slots WHERE database = current_database()`;

  it.each(['SIGTERM', 'SIGKILL'] as const)('is no slot after %s with the memory store', async (signal) => {
    const { scene } = await openScene('debian-15');
    await scene.rows(50);
    await scene.startFirst();
    await scene.agree();
    expect((await scene.sql.query(slots)).rowCount).toBe(1);
    const began = performance.now();
    const end = await scene.exporter.stop(signal);
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(end).toEqual(signal === 'SIGTERM' ? { code: 0, signal: null } : { code: null, signal });
    await awaitUntil(async () => (await scene.sql.query(slots)).rowCount === 0, { what: 'the end of the slot' });
  });

  it('is no slot after SIGTERM in the middle of a seed', async () => {
    const { scene } = await openScene('embedded-18');
    await scene.oracle.unwatchSpendLogs();
    await scene.simulator.writeHistory({ rows: 200_000, days: 29 });
    const exporter = await scene.launch();
    await awaitUntil(async () => Number((await exporter.scrape()).value('litellm_exporter_seed_progress_ratio')) > 0, {
      timeout: 30_000,
      what: 'progress of the seed',
    });
    expect(await exporter.stop()).toEqual({ code: 0, signal: null });
    await awaitUntil(async () => (await scene.sql.query(slots)).rowCount === 0, { what: 'the end of the slot' });
  });

  it("LiteLLM's DROP INDEX on spend logs waits at most 5 s while a seed runs", async () => {
    const { scene } = await openScene('debian-15');
    await scene.oracle.unwatchSpendLogs();
    await scene.simulator.writeHistory({ rows: 400_000, days: 29 });
    await scene.launch();
    await scene.exporter.awaitLog(/metrics at/);
    const waits: number[] = [];
    const ready = async (): Promise<boolean> => (await fetch(`${scene.exporter.origin}/readyz`)).ok;
    const index = '"LiteLLM_SpendLogs_end_user_idx"';
    while (!(await ready())) {
      const began = performance.now();
      await scene.sql.query(`DROP INDEX ${index}`);
      waits.push(performance.now() - began);
      await scene.sql.query(`CREATE INDEX ${index} ON "LiteLLM_SpendLogs" (end_user)`);
    }
    expect(waits.length).toBeGreaterThan(0);
    expect(Math.max(...waits)).toBeLessThan(5_000);
  });
});

describe('a start that can not succeed', () => {
  it.each([
    ['METRICS_SPEND_WINDOW', '30x'],
    ['METRICS_SPEND_WINDOWS', '30d'],
    ['LITELLM_DB_PORT', '70000'],
    ['REPLICATION_PLUGIN', 'decoderbufs'],
    ['METRICS_DURATION_BUCKETS', '5,1'],
    ['REPLICATION_FAILOVER', 'perhaps'],
  ])('ends with 2 and names %s', async (name, value) => {
    const exporter = ended(await startExporter({ env: { LITELLM_DB_HOST: '127.0.0.1', [name]: value } }));
    expect(await exporter.ended).toEqual({ code: 2, signal: null });
    expect(exporter.logs.filter((line) => line.includes(name))).toHaveLength(1);
  });

  it('tells of a role without REPLICATION once, with the statement that mends it, and stays up', async () => {
    const server = ended(await startPostgres({ flavor: 'debian-15', settings: {} }));
    const database = await server.createDatabase();
    const client = new pg.Client(server.url(database));
    await client.connect();
    await client.query(`CREATE ROLE "no replication" LOGIN PASSWORD 'the password'`);
    await client.end();
    const url = new URL(server.url(database));
    url.username = 'no replication';
    url.password = 'the password';
    const exporter = ended(await startExporter({ env: { DATABASE_URL: url.href } }));
    await exporter.awaitLog(/trying again/);
    expect(exporter.logs.filter((line) => /ALTER ROLE "no replication" REPLICATION/.test(line))).toHaveLength(1);
    expect(exporter.logs.join('\n')).not.toMatch(/the(%20| )password/);
    expect((await fetch(`${exporter.origin}/livez`)).status).toBe(200);
    expect((await fetch(`${exporter.origin}/readyz`)).status).toBe(503);
    expect([...(await exporter.scrape()).families.keys()].filter((name) => !own.test(name))).toEqual([]);
  });

  it("tells of a database without LiteLLM's tables once", async () => {
    const server = ended(await startPostgres({ flavor: 'debian-15' }));
    const database = await server.createDatabase();
    const exporter = ended(await startExporter({ env: { DATABASE_URL: server.url(database) } }));
    await exporter.awaitLog(/trying again/);
    expect(exporter.logs.filter((line) => /ERROR/.test(line) && /LiteLLM_SpendLogs/.test(line))).toHaveLength(1);
  });

  it('tells of a server without logical WAL once, with the statement that mends it', async () => {
    const server = ended(await startPostgres({ flavor: 'debian-15', settings: { wal_level: 'replica' } }));
    const exporter = ended(await startExporter({ env: { DATABASE_URL: server.url() } }));
    await exporter.awaitLog(/trying again/);
    expect(exporter.logs.filter((line) => /ALTER SYSTEM SET wal_level = 'logical'/.test(line))).toHaveLength(1);
  });
});
