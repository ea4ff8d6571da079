import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { describeDifferences } from '../oracle/compare-families.js';
import { Scene, type Sight } from '../oracle/scene.js';
import { type PostgresServer, startPostgres } from '../support/postgres-server.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';

jest.setTimeout(180_000);

const seed = process.env.ORACLE_SEED ?? String(Date.now() % 1_000_000);
const second = 1_000;

const errors = ({ scrape }: Sight): number =>
  scrape.samples('litellm_errors_total').reduce((sum, { value }) => sum + value, 0);
const requests = ({ scrape }: Sight): number =>
  scrape.samples('litellm_requests_total').reduce((sum, { value }) => sum + value, 0);
const reseeds = ({ scrape }: Sight): number => scrape.value('litellm_exporter_seeds_total', { reason: 'history' }) ?? 0;

describe(`what time does to the families by itself (ORACLE_SEED=${seed})`, () => {
  const scenes: { readonly scene: Scene; readonly keepsPast: boolean }[] = [];
  const rest: (PostgresServer | RedisServer)[] = [];

  const everywhere = async (work: (scene: Scene, keepsPast: boolean) => Promise<void>): Promise<void> => {
    await Promise.all(scenes.map(({ scene, keepsPast }) => work(scene, keepsPast)));
  };

  /** Compares what the exporter says by itself, with no write that could make it move. */
  const looks = async (scene: Scene): Promise<Sight> => {
    const sight = await scene.look();
    const late = (await scene.oracle.clock()) - sight.clock;
    const differences = await scene.differences(sight);
    expect([describeDifferences(differences), late < 3 * second]).toEqual(['', true]);
    return sight;
  };

  beforeAll(async () => {
    const redis = await startRedis();
    rest.push(redis);
    for (const [flavor, env] of [
      ['debian-15', { REPLICATION_PLUGIN: 'wal2json', REDIS_URL: redis.url }],
      ['embedded-18', { REPLICATION_PLUGIN: 'pgoutput' }],
    ] as const) {
      const server = await startPostgres({ flavor, requires: { track_commit_timestamp: 'on' } });
      rest.push(server);
      const scene = await Scene.open({
        server,
        env: { ...env, METRICS_ERROR_WINDOW: '1m', METRICS_REQUEST_WINDOW: '2m' },
        settings: { error: '1 minute', request: '2 minutes' },
        simulator: { seed: `${seed} ${flavor}` },
      });
      scenes.push({ scene, keepsPast: 'REDIS_URL' in env });
      await scene.simulator.writeHistory({ rows: 2_000, days: 33 });
      await scene.rows(200);
      await scene.startFirst();
      await scene.agree();
    }
  });

  afterAll(async () => {
    for (const { scene } of scenes) await scene[Symbol.asyncDispose]();
    for (const server of rest) await server[Symbol.asyncDispose]();
  });

  it('rows leave short windows within a second of their time while nothing else happens', async () => {
    await everywhere(async (scene) => {
      const now = await scene.oracle.clock();
      for (const age of [55, 57, 115, 117]) {
        const startTime = now - age * second;
        await scene.rows(20, { startTime, endTime: startTime + second, completionStartTime: null, status: 'failure' });
      }
      const before = await scene.agree();
      let after = before;
      while (after.clock < now + 8 * second) {
        await pause(200);
        after = await looks(scene);
      }
      expect(errors(before) - errors(after)).toBeGreaterThanOrEqual(20);
      expect(requests(before) - requests(after)).toBeGreaterThanOrEqual(20);
    });
  });

  it('a backfill changes nothing at first, and after a minute of quiet a new seed takes the table as it is', async () => {
    await everywhere(async (scene, keepsPast) => {
      const { oracle, sql, simulator } = scene;
      const rejected = (sight: Sight) => sight.scrape.value('litellm_exporter_rows_history_total') ?? 0;
      const before = await scene.agree();
      await scene.step('backfill');
      const filled = await scene.agree();
      expect(rejected(filled) - rejected(before)).toBe(1_100);
      // Retention has deleted what the old state still knows.
      const table = simulator.database.table('LiteLLM_SpendLogs');
      await sql.query(`DELETE FROM ${table} WHERE "startTime" < now() - interval '12 days'`);
      let sight = await scene.agree();
      const end = sight.clock + 100 * second;
      for (let next = sight; ; sight = next) {
        await pause(1_000);
        next = await scene.look();
        if (reseeds(next) > 0) break;
        expect(describeDifferences(await scene.differences(next))).toBe('');
        expect(next.clock).toBeLessThan(end);
      }
      const lastCommit = sight.scrape.value('litellm_exporter_replication_last_commit_timestamp_seconds');
      await oracle.newSeed(keepsPast, lastCommit ?? 0);
      await scene.agree();
      await scene.rows(100);
      expect(reseeds(await scene.agree())).toBe(1);
    });
  });
});
