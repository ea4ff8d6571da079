import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Scene } from '../oracle/scene.js';
import { type ExporterProcess, startExporter } from '../support/exporter-process.js';
import { type PostgresServer, startPostgres } from '../support/postgres-server.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';

jest.setTimeout(240_000);

/** Well below the minute after which a follower speaks again, and long enough for a loaded machine. */
const SECONDS = 30_000;

describe('replicas that nobody scrapes, as a Service leaves all but one of them', () => {
  let postgres: PostgresServer;
  let redis: RedisServer;
  let scene: Scene;
  const running: ExporterProcess[] = [];

  const launch = async (env: Record<string, string> = {}): Promise<ExporterProcess> => {
    const exporter = await startExporter({ env: { ...scene.environment(), REDIS_URL: redis.url, ...env } });
    running.push(exporter);
    return exporter;
  };

  beforeAll(async () => {
    postgres = await startPostgres({ flavor: 'debian-15', settings: { track_commit_timestamp: 'on' } });
  });
  afterAll(async () => {
    await postgres?.[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    redis = await startRedis();
    scene = await Scene.open({ server: postgres });
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((exporter) => exporter.stop()));
    await scene?.[Symbol.asyncDispose]();
    await redis?.[Symbol.asyncDispose]();
  });

  it('W6: are ready seconds after the first seed, where they were started together on an empty Redis', async () => {
    await scene.rows(50);
    // The slot, and so the seed, waits for a transaction that is open.
    await scene.sql.query('BEGIN');
    await scene.sql.query('SELECT txid_current()');
    const leader = await launch();
    await leader.awaitLog(/waits for open transactions/, 60_000);
    const followers = [await launch(), await launch()];
    for (const follower of followers) {
      await follower.awaitLog(/no state to serve yet: another exporter consumes the slot/, 60_000);
      const ready = await fetch(`${follower.origin}/readyz`);
      expect([ready.status, await ready.text()]).toEqual([
        503,
        expect.stringMatching(/its first seed is not finished/),
      ]);
    }
    await scene.sql.query('COMMIT');
    await leader.awaitReady(60_000);
    for (const follower of followers) await follower.awaitLog(/a whole state is stored now/, SECONDS);
    for (const follower of followers) {
      await follower.awaitReady(SECONDS);
      expect(follower.logs.filter((line) => /WARN.*no state to serve/.test(line))).toEqual([]);
    }
  });
});
