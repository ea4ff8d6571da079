import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ExporterProcess, startApp, startExporter } from '../support/exporter-process.js';
import { type PostgresServer, startPostgres } from '../support/postgres-server.js';

describe('an exporter as a child process', () => {
  let server: PostgresServer;
  let url: string;

  beforeAll(async () => {
    server = await startPostgres({ flavor: 'embedded-18' });
    url = server.url(await server.createDatabase());
    await using simulator = startApp({
      app: 'simulator',
      argv: ['--database-url', url, '--create', '--seed', '1', '--history-rows', '500', '--rows', '0'],
    });
    expect(await simulator.ended).toEqual({ code: 0, signal: null });
  }, 60_000);

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  async function readyExporter(): Promise<ExporterProcess> {
    const exporter = await startExporter({ env: { DATABASE_URL: url } });
    await exporter.awaitReady();
    return exporter;
  }

  it('answers both formats so that the strict reader takes them, with the same families', async () => {
    await using exporter = await readyExporter();
    const text = await exporter.scrape('0.0.4');
    const openMetrics = await exporter.scrape('openmetrics');
    expect(text.samples('litellm_total_spend').length).toBeGreaterThan(0);
    const nameless = (family: { name: string; type: string }) => family.name.replace(/_total$/, '');
    const families = (scrape: typeof text) => new Set([...scrape.families.values()].map(nameless));
    expect(families(openMetrics)).toEqual(families(text));
  });

  it('ends with 0 after SIGTERM and keeps its log', async () => {
    const exporter = await readyExporter();
    expect(await exporter.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(exporter.isRunning()).toBe(false);
    expect(exporter.logs.join('\n')).toContain('SIGTERM');
  });

  it('ends with 2 where a setting is wrong, and readiness says so with its last lines', async () => {
    const exporter = await startExporter({ env: { DATABASE_URL: url, METRICS_SPEND_WINDOW: 'a month' } });
    await expect(exporter.awaitReady()).rejects.toThrow(/has ended.*METRICS_SPEND_WINDOW/s);
    expect(await exporter.ended).toEqual({ code: 2, signal: null });
  });
});
