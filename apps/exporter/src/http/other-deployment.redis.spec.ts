import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { awaitUntil } from '../../../../test/support/await-until.js';
import { FakePostgres } from '../../../../test/support/fake-postgres.js';
import { type GivenExporter, givenExporter } from '../../../../test/support/given-exporter.js';
import { spend } from '../../../../test/support/given-pipeline.js';
import { type RedisServer, startRedis } from '../../../../test/support/redis-server.js';

describe('a process that was pointed at another deployment, with the same REDIS_KEY_PREFIX', () => {
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(async () => {
    await redis?.[Symbol.asyncDispose]();
  });

  const rowsShown = async (exporter: GivenExporter): Promise<boolean> =>
    /^litellm_requests_total/m.test(await (await exporter.get('/metrics')).text());

  it('W5: neither writes to the state of the other one nor shows it, and is not ready', async () => {
    const env = { REDIS_URL: redis.url, REDIS_KEY_PREFIX: 'shared', LOG_LEVEL: 'fatal' };
    const server = new FakePostgres();
    server.commit([spend()]);
    await using owner = await givenExporter(server, env);
    await awaitUntil(() => rowsShown(owner), { what: 'rows of the owner' });
    const elsewhere = Object.assign(new FakePostgres(), { systemId: '42' });
    await using intruder = await givenExporter(elsewhere, env);
    const status = async () =>
      (await (await intruder.get('/status.json')).json()) as { failure: string; state: unknown; checkpoint: unknown };
    await awaitUntil(async () => (await status()).failure?.includes('this one is 42'), { what: 'the reason' });
    expect(await rowsShown(intruder)).toBe(false);
    expect(await (await intruder.get('/metrics')).text()).toMatch(/^litellm_exporter_build_info/m);
    expect(await status()).toMatchObject({ state: null, checkpoint: null });
    const ready = await intruder.get('/readyz');
    expect([ready.status, await ready.text()]).toEqual([503, expect.stringContaining('REDIS_KEY_PREFIX')]);
    expect(elsewhere.slot).toBeNull();
    server.commit([spend()]);
    await awaitUntil(() => rowsShown(owner));
    expect((await owner.get('/readyz')).status).toBe(200);
  });
});
