import { expect, it, jest } from '@jest/globals';
import { Scene } from '../oracle/scene.js';
import { awaitUntil } from '../support/await-until.js';
import { type ExporterProcess, startApp, startExporter } from '../support/exporter-process.js';
import { givenServers } from '../support/given-servers.js';

jest.setTimeout(240_000);

const servers = givenServers();

const sum = async (exporter: ExporterProcess, name: string): Promise<number> =>
  (await exporter.scrape()).samples(name).reduce((total, { value }) => total + value, 0);

it('W11: an exporter that was started without its REDIS_URL leaves the slot to the one that has it, until somebody drops it', async () => {
  await using scene = await Scene.open({ server: servers.postgres });
  const slots = async () => (await scene.sql.query('SELECT temporary, active FROM pg_replication_slots')).rows;
  const start = (url: string) => startExporter({ env: { ...scene.environment(), REDIS_URL: url } });
  {
    await using owner = await start(servers.redis.url);
    await owner.awaitReady(60_000);
  }
  {
    await using forgetful = await start('');
    await forgetful.awaitLog(/ERROR .*slot ".*" is a permanent one, confirmed up to [0-9A-F]+\//, 60_000);
    await forgetful.awaitLog(/set REDIS_URL as for that exporter/);
    expect((await fetch(`${forgetful.origin}/readyz`)).status).toBe(503);
    expect(await (await fetch(`${forgetful.origin}/status.json`)).json()).toMatchObject({
      failure: expect.stringContaining('pg_drop_replication_slot'),
      slotFigures: null,
    });
    expect(await slots()).toEqual([{ temporary: false, active: false }]);
    await scene.rows(20);
    await using owner = await start(servers.redis.url);
    await owner.awaitReady(60_000);
    const counted = async () => (await sum(owner, 'litellm_requests_processed_total')) === 20;
    await awaitUntil(counted, { timeout: 60_000, what: '20 rows' });
    expect(await sum(owner, 'litellm_exporter_seeds_total')).toBe(1);
  }
  // From Redis to memory on purpose.
  const drop = startApp({ app: 'cli', argv: ['slot', 'drop'], env: scene.environment() });
  expect(await drop.ended).toEqual({ code: 0, signal: null });
  await using inMemory = await start('');
  await inMemory.awaitReady(60_000);
  expect(await sum(inMemory, 'litellm_requests_total')).toBe(20);
  expect(await slots()).toEqual([{ temporary: true, active: true }]);
});
