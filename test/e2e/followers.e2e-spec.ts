import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { freePort } from '../../scripts/servers/free-port.mjs';
import { Scene } from '../oracle/scene.js';
import { awaitUntil } from '../support/await-until.js';
import { type ExporterProcess, startExporter } from '../support/exporter-process.js';
import { parseExposition } from '../support/exposition.js';
import { type PostgresServer, startPostgres } from '../support/postgres-server.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';

jest.setTimeout(240_000);

/** Well below the minute after which a follower speaks again, and long enough for a loaded machine. */
const SECONDS = 30_000;

/** What is looked at of a status page. */
interface FollowerStatus {
  readonly state: { readonly version: number; readonly ageSeconds: number };
}

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

  it('tell of the newest state on their status page, and of readiness and age at TELEMETRY_PORT', async () => {
    const leader = await launch();
    await leader.awaitReady(60_000);
    const telemetryPort = await freePort();
    const follower = await launch({ TELEMETRY_PORT: String(telemetryPort) });
    await follower.awaitReady(60_000);
    await follower.awaitLog(/another exporter consumes slot/);
    const status = async () => (await (await fetch(`${follower.origin}/status.json`)).json()) as FollowerStatus;
    const before = await status();
    await scene.rows(50);
    const counted = async (): Promise<number> =>
      (await leader.scrape()).samples('litellm_requests_processed_total').reduce((sum, { value }) => sum + value, 0);
    await awaitUntil(async () => (await counted()) === 50, { timeout: 60_000, what: '50 rows' });
    const shown = (await leader.scrape()).value('litellm_exporter_state_version') ?? 0;
    expect(before.state.version).toBeLessThan(shown);
    const now = await status();
    expect(now).toMatchObject({ phase: 'following', failure: null });
    expect(now.state.version).toBeGreaterThanOrEqual(shown);
    expect(now.state.ageSeconds).toBeLessThan(SECONDS / 1_000);
    const telemetry = async () =>
      parseExposition(await (await fetch(`http://127.0.0.1:${telemetryPort}/metrics`)).text());
    expect((await telemetry()).value('litellm_exporter_ready')).toBe(1);
    // The stream stands still with its leader for some seconds before the other one has it: the age grows from one look to the next.
    leader.signal('SIGSTOP');
    const age = async (): Promise<number> => (await telemetry()).value('litellm_exporter_state_age_seconds') ?? 0;
    await awaitUntil(async () => (await age()) > 2, { timeout: 60_000, what: 'an age that grows' });
    leader.signal('SIGCONT');
  });
});
