import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Scene } from '../oracle/scene.js';
import { awaitUntil } from '../support/await-until.js';
import type { Exposition } from '../support/exposition.js';
import { type PostgresFlavor, type PostgresServer, startPostgres } from '../support/postgres-server.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';

jest.setTimeout(240_000);

const rows = 200_000;

const sum = (scrape: Exposition, name: string): number =>
  scrape.samples(name).reduce((total, { value }) => total + value, 0);

describe('an exporter with Redis that is stopped and started in the middle of 200,000 rows', () => {
  const servers = new Map<PostgresFlavor, PostgresServer>();
  let redis: RedisServer;

  beforeAll(async () => {
    for (const flavor of ['debian-15', 'embedded-18'] as const) {
      servers.set(flavor, await startPostgres({ flavor, requires: { track_commit_timestamp: 'on' } }));
    }
    redis = await startRedis();
  });

  afterAll(async () => {
    for (const server of [...servers.values(), redis]) await server?.[Symbol.asyncDispose]();
  });

  it.each([
    ['debian-15', 'wal2json'],
    ['embedded-18', 'pgoutput'],
  ] as const)('loses and doubles nothing, and takes no new seed (%s, %s)', async (flavor, plugin) => {
    const server = servers.get(flavor) as PostgresServer;
    const env = { REPLICATION_PLUGIN: plugin, REDIS_URL: redis.url };
    await using scene = await Scene.open({ server, env, simulator: { seed: `restart of ${plugin}` } });
    await scene.rows(500);
    await scene.startFirst();
    await scene.agree();

    const writing = scene.simulator.writeHistory({ rows, days: 0.5, rowsPerTransaction: 5_000 });
    const applied = async (): Promise<number> => sum(await scene.exporter.scrape(), 'litellm_requests_processed_total');
    const failures = (): string[] => scene.exporter.logs.filter((line) => line.includes('ERROR'));
    const stopAt = async (share: number, signal: NodeJS.Signals): Promise<void> => {
      await awaitUntil(async () => (await applied()) >= share * rows, {
        timeout: 120_000,
        interval: 25,
        what: `${share} of the rows`,
      });
      expect(await applied()).toBeLessThan(rows);
      const end = await scene.exporter.stop(signal);
      expect(failures()).toEqual([]);
      expect(end).toEqual(signal === 'SIGTERM' ? { code: 0, signal: null } : { code: null, signal });
      await scene.start();
    };
    await stopAt(0.1, 'SIGTERM');
    await stopAt(0.2, 'SIGKILL');
    await stopAt(0.3, 'SIGKILL');
    await stopAt(0.4, 'SIGTERM');
    expect((await writing).rows).toBe(rows);

    await scene.quiet(120_000);
    const { scrape } = await scene.agree();
    expect(sum(scrape, 'litellm_requests_processed_total')).toBe(rows);
    expect(sum(scrape, 'litellm_exporter_seeds_total')).toBe(1);
    expect(failures()).toEqual([]);
  });
});
