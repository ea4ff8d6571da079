import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { freePort } from '../../scripts/servers/free-port.mjs';
import { type Prometheus, startPrometheus } from '../faults/world/prometheus.js';
import { Scene } from '../oracle/scene.js';
import { awaitUntil } from '../support/await-until.js';
import { type ExporterProcess, startExporter } from '../support/exporter-process.js';
import { parseExposition } from '../support/exposition.js';
import { httpGet } from '../support/http-get.js';
import { type PostgresServer, startPostgres } from '../support/postgres-server.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';

jest.setTimeout(240_000);

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const DIRECTORY = join(ROOT, 'grafana/dashboards');
interface Panel {
  readonly title: string;
  readonly type: string;
  readonly targets?: readonly { readonly expr: string }[];
}

const panels = readdirSync(DIRECTORY)
  .filter((file) => file.endsWith('.json'))
  .flatMap((file) => (JSON.parse(readFileSync(join(DIRECTORY, file), 'utf8')) as { panels: Panel[] }).panels);
const queries = panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const));

/** As Grafana does it, with every value of each variable; but a day in steps of five minutes would show after ten minutes only. */
const interpolate = (expr: string, job: string) =>
  expr
    .replaceAll('[24h:5m]', '[2m:5s]')
    .replaceAll('$__rate_interval', '1m')
    .replaceAll('$job', job)
    .replaceAll(/\$(model|instance)/g, '.+');

describe('dashboards and alerts in a real Prometheus, over two replicas that share a Redis', () => {
  const rest: AsyncDisposable[] = [];
  let server: PostgresServer;
  let redis: RedisServer;
  let scene: Scene;
  let second: ExporterProcess;
  let prometheus: Prometheus;
  let writing = true;
  let traffic: Promise<void>;

  beforeAll(async () => {
    server = await startPostgres({
      flavor: 'embedded-18',
      requires: { track_commit_timestamp: 'on', max_slot_wal_keep_size: '1GB' },
    });
    redis = await startRedis();
    rest.push(server, redis);
    const [one, other] = [await freePort(), await freePort()];
    const env = { REDIS_URL: redis.url, REDIS_KEY_PREFIX: 'dashboards', TELEMETRY_PORT: String(one) };
    scene = await Scene.open({ server, env, simulator: { seed: 'dashboards' } });
    rest.push(scene);
    await scene.simulator.writeHistory({ rows: 2_000, days: 20 });
    await scene.startFirst();
    second = await startExporter({ env: { ...scene.environment(), TELEMETRY_PORT: String(other) } });
    rest.push(second);
    await second.awaitReady(60_000);
    // As the chart has it: the Service as one target, and as pods apart; telemetry pod by pod in both.
    const jobs = [
      { job: 'litellm-exporter', ports: [scene.exporter.port, one, other] },
      { job: 'pods', ports: [scene.exporter.port, second.port, one, other] },
    ];
    prometheus = await startPrometheus(jobs, [join(ROOT, 'grafana/rules/litellm-exporter.rules.yaml')]);
    rest.push(prometheus);
    traffic = (async () => {
      while (writing) {
        await scene.simulator.writeBatch(20);
        await scene.simulator.flushSpend();
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    })();
  });

  afterAll(async () => {
    writing = false;
    await traffic?.catch(() => {});
    for (const part of rest.reverse()) await part[Symbol.asyncDispose]();
  });

  describe.each(['litellm-exporter', 'pods'])('job %s', (job) => {
    it.each(queries)('%s has something to show: %s', async (_, expr) => {
      const shown = async () => {
        const result = await prometheus.query(interpolate(expr, job));
        return result.some(({ value }) => value !== undefined && value[1] !== 'NaN');
      };
      await awaitUntil(shown, { timeout: 120_000, interval: 1_000, what: expr });
    });
  });

  it('say of one target and of pods apart the same, which is what a replica says', async () => {
    writing = false;
    await traffic;
    const spendOf = async () => {
      const { text } = await httpGet(`${scene.exporter.origin}/metrics`, 5_000);
      return parseExposition(text)
        .samples('litellm_total_spend')
        .reduce((sum, { value }) => sum + value, 0);
    };
    const panel = panels.find(({ title }) => title === 'Spend in the window');
    const expr = panel?.targets?.[0]?.expr ?? '';
    for (const job of ['litellm-exporter', 'pods']) {
      const agrees = async () => {
        const [sum] = await prometheus.query(interpolate(expr, job));
        const spend = await spendOf();
        return spend > 0 && Math.abs(Number(sum?.value?.[1]) - spend) < 1e-6 * spend;
      };
      await awaitUntil(agrees, { timeout: 60_000, interval: 500, what: `the spend of job ${job} to be a replica’s` });
    }
  });

  it('no alert is on, or about to be, where all is well', async () => {
    const off = async () => [...(await prometheus.alerts()).values()].every(({ state }) => state === 'inactive');
    await awaitUntil(off, { timeout: 60_000, interval: 1_000, what: 'alerts that are all inactive' });
    const alerts = await prometheus.alerts();
    expect(alerts.size).toBeGreaterThan(5);
    expect([...alerts].filter(([, { lastError }]) => lastError)).toEqual([]);
  });

  it('the alert of a deployment that is down goes on when both replicas are', async () => {
    await scene.exporter.stop();
    await second.stop();
    const on = async () => (await prometheus.alerts()).get('LitellmExporterDown')?.state === 'pending';
    await awaitUntil(on, { timeout: 60_000, interval: 500, what: 'a pending LitellmExporterDown' });
  });
});
