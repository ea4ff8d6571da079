import { describe, expect, it, jest } from '@jest/globals';
import { Scene } from '../oracle/scene.js';
import { awaitUntil } from '../support/await-until.js';
import { type ExporterProcess, startExporter } from '../support/exporter-process.js';
import { givenServers } from '../support/given-servers.js';
import { tcpProxy } from '../support/tcp-proxy.js';

jest.setTimeout(180_000);

describe('an exporter whose Redis does not answer', () => {
  const servers = givenServers();

  it('W7: leaves the families of LiteLLM out at once; with STATE_MAX_STALENESS it shows the last state, and its age', async () => {
    await using scene = await Scene.open({ server: servers.postgres });
    await scene.rows(50);
    const start = async (name: string, env: Record<string, string>) => {
      const link = await tcpProxy(servers.redis.port);
      const own = { REDIS_URL: `redis://127.0.0.1:${link.port}`, REDIS_KEY_PREFIX: name, REPLICATION_SLOT: name };
      const exporter = await startExporter({ env: { ...scene.environment(), ...own, ...env } });
      await exporter.awaitReady(60_000);
      return { link, exporter };
    };
    const requests = async (exporter: ExporterProcess): Promise<number> =>
      (await exporter.scrape()).samples('litellm_requests_total').reduce((sum, { value }) => sum + value, 0);
    const age = async (exporter: ExporterProcess): Promise<number> =>
      (await exporter.scrape()).value('litellm_exporter_state_age_seconds', {}) ?? 0;
    const usual = await start('usual', {});
    const lenient = await start('lenient', { STATE_MAX_STALENESS: '10m' });
    try {
      expect([await requests(usual.exporter), await requests(lenient.exporter)]).toEqual([50, 50]);
      usual.link.silence();
      lenient.link.silence();
      expect((await usual.exporter.scrape()).families.has('litellm_requests_total')).toBe(false);
      expect(await requests(lenient.exporter)).toBe(50);
      await awaitUntil(async () => (await age(lenient.exporter)) > 5, { timeout: 60_000, what: 'an age of 5 s' });
      const stale = await lenient.exporter.scrape();
      expect(stale.value('litellm_exporter_up', { dependency: 'redis' })).toBe(0);
      expect(await requests(lenient.exporter)).toBe(50);
      expect((await fetch(`${lenient.exporter.origin}/readyz`)).status).toBe(200);
      await scene.rows(10);
      for (const { link } of [usual, lenient]) link.heal();
      for (const { exporter } of [usual, lenient]) {
        await awaitUntil(async () => (await requests(exporter)) === 60, { timeout: 60_000, what: 'all 60 rows' });
        await awaitUntil(async () => (await age(exporter)) < 5, { timeout: 60_000, what: 'a state of now' });
      }
    } finally {
      for (const { link, exporter } of [usual, lenient]) {
        await exporter.stop();
        await link[Symbol.asyncDispose]();
      }
    }
  });
});
