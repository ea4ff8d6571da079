import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Scene } from '../oracle/scene.js';
import { awaitUntil } from '../support/await-until.js';
import { type ExporterProcess, startExporter } from '../support/exporter-process.js';
import { type PostgresFlavor, type PostgresServer, startPostgres } from '../support/postgres-server.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { sqlClient } from '../support/replication-session.js';

jest.setTimeout(240_000);

const MIB = 1_048_576;
const LIMIT = 4 * MIB;

describe('REPLICATION_MAX_RETAINED_BYTES', () => {
  const servers = new Map<PostgresFlavor, PostgresServer>();
  let redis: RedisServer;

  beforeAll(async () => {
    for (const flavor of ['debian-15', 'embedded-18'] as const) {
      servers.set(flavor, await startPostgres({ flavor, settings: { track_commit_timestamp: 'on' } }));
    }
    redis = await startRedis({ settings: {} });
  });

  afterAll(async () => {
    for (const server of [...servers.values(), redis]) await server?.[Symbol.asyncDispose]();
  });

  function given(flavor: PostgresFlavor, plugin: string): Promise<Scene> {
    const env = {
      REPLICATION_PLUGIN: plugin,
      REDIS_URL: redis.url,
      REPLICATION_MAX_RETAINED_BYTES: String(LIMIT),
      METRICS_UPDATE_INTERVAL: '1',
    };
    return Scene.open({
      server: servers.get(flavor) as PostgresServer,
      env,
      simulator: { seed: `guard of ${plugin}` },
    });
  }

  const slots = async ({ sql, database }: Scene): Promise<number> => {
    const { rowCount } = await sql.query('SELECT FROM pg_replication_slots WHERE database = $1', [database]);
    return rowCount ?? 0;
  };
  /** What other databases write: log that no row of LiteLLM is in. */
  const writeLog = ({ sql }: Scene): Promise<unknown> =>
    sql.query("SELECT pg_logical_emit_message(true, 'filler', repeat('x', 65536)) FROM generate_series(1, 128)");
  /** Rows that ended after everything before them was committed: a new seed counts those, and no others, as unseen. */
  const rowsOfNow = async (scene: Scene): Promise<void> => {
    await pause(1_100);
    const now = await scene.oracle.clock();
    await scene.rows(50, { startTime: now, endTime: now, completionStartTime: null });
  };
  const sum = async (exporters: readonly ExporterProcess[], name: string): Promise<number> => {
    const scrapes = await Promise.all(exporters.map((exporter) => exporter.scrape()));
    return scrapes.flatMap((scrape) => scrape.samples(name)).reduce((total, { value }) => total + value, 0);
  };

  it.each([
    ['debian-15', 'wal2json'],
    ['embedded-18', 'pgoutput'],
  ] as const)(
    'W11: drops the slot while the store is down, and seeds anew when it is back (%s, %s)',
    async (flavor, plugin) => {
      await using scene = await given(flavor, plugin);
      await rowsOfNow(scene);
      await scene.startFirst();
      await using replica = await startExporter({ env: scene.environment() });
      await replica.awaitReady();
      await scene.agree();
      const exporters = [scene.exporter, replica];
      expect(await slots(scene)).toBe(1);

      await redis.stop();
      await rowsOfNow(scene);
      await writeLog(scene);
      await awaitUntil(async () => (await slots(scene)) === 0, { timeout: 60_000, what: 'the slot is dropped' });
      expect(await sum(exporters, 'litellm_exporter_slot_drops_total')).toBe(1);
      // Who watches the slot sees that there is none, without a store and without a stream.
      await awaitUntil(async () => (await sum(exporters, 'litellm_exporter_slot_retained_bytes')) === 0);
      await rowsOfNow(scene);
      await pause(4_000);
      expect(await slots(scene)).toBe(0);

      await redis.restart();
      const seeded = async (): Promise<boolean> =>
        (await scene.exporter.scrape()).value('litellm_exporter_seeds_total', { reason: 'retained_limit' }) === 1;
      await awaitUntil(seeded, { timeout: 60_000, interval: 250, what: 'the new seed' });
      await scene.agree();
      await scene.rows(100);
      await scene.agree();
      expect(await slots(scene)).toBe(1);
      expect(await sum([scene.exporter], 'litellm_exporter_seeds_total')).toBe(2);
      for (const exporter of exporters) {
        expect((await exporter.scrape()).value('litellm_exporter_slot_limit_bytes')).toBe(LIMIT);
      }
      const said = exporters.flatMap(({ logs }) => logs).filter((line) => line.includes('the slot is dropped'));
      expect(said).toHaveLength(1);
      expect(said[0]).toContain(`REPLICATION_MAX_RETAINED_BYTES is ${LIMIT}`);
    },
  );

  it('W11: names the transaction that pins the log, and keeps the slot', async () => {
    await using scene = await given('debian-15', 'pgoutput');
    await scene.startFirst();
    await using other = await sqlClient((servers.get('debian-15') as PostgresServer).url());
    const { rows } = await other.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    await other.query('BEGIN; CREATE TABLE pins ()');
    await writeLog(scene);
    await scene.rows(10);
    const line = await scene.exporter.awaitLog(/keeps \d+ bytes of its log for the slot/, 30_000);
    expect(line).toMatch(new RegExp(`waits for the oldest transaction: pid ${rows[0]?.pid} `));
    await scene.agree();
    const scrape = await scene.exporter.scrape();
    expect(scrape.value('litellm_exporter_slot_retained_bytes')).toBeGreaterThan(LIMIT);
    expect(scrape.value('litellm_exporter_slot_unconfirmed_bytes')).toBeLessThan(LIMIT);
    expect(scrape.value('litellm_exporter_slot_drops_total')).toBe(0);
    expect(await sum([scene.exporter], 'litellm_exporter_seeds_total')).toBe(1);
  });
});
