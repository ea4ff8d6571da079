import type { ExporterFailure } from '@app/change';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { freePort } from '../../../../scripts/servers/free-port.mjs';
import { RedisDeployment } from '../../../../test/contracts/redis-deployment.js';
import { awaitUntil } from '../../../../test/support/await-until.js';
import { Certificates } from '../../../../test/support/certificates.js';
import { type RedisServer, startRedis } from '../../../../test/support/redis-server.js';
import type { RedisLogin } from './redis-store-options.js';

const tuning = { commandTimeout: 1_000 };

describe('who we are to Redis', () => {
  const certificates = new Certificates();
  let server: RedisServer;
  let deployment: RedisDeployment;
  let tlsPort: number;

  beforeAll(async () => {
    certificates.authority();
    certificates.authority('stranger');
    certificates.certificate('server', { names: 'DNS:localhost' });
    certificates.certificate('client');
    certificates.certificate('unknown', { authority: 'stranger' });
    tlsPort = await freePort();
    server = await startRedis({
      settings: {
        'tls-port': String(tlsPort),
        'tls-cert-file': certificates.file('server.pem'),
        'tls-key-file': certificates.file('server.key'),
        'tls-ca-cert-file': certificates.file('ca.pem'),
        'tls-auth-clients': 'yes',
      },
    });
  }, 60_000);
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    certificates[Symbol.dispose]();
  });
  beforeEach(() => {
    deployment = new RedisDeployment(server);
  });
  afterEach(async () => {
    await deployment[Symbol.asyncDispose]();
  });

  const setUser = (password: string) =>
    deployment.client.acl('SETUSER', 'exporter', 'reset', 'on', `>${password}`, '+@all', '~*');
  const url = (password: string): string => `redis://exporter:${encodeURIComponent(password)}@127.0.0.1:${server.port}`;
  const failureOf = (options: Partial<RedisLogin>): Promise<string> =>
    deployment
      .store({ options: { ...options, tuning } })
      .refresh()
      .then(
        () => 'none',
        (failure: ExporterFailure) => failure.explain(),
      );

  it('a wrong password reads as what it is, and is not shown', async () => {
    await setUser('right');
    const text = await failureOf({ url: url('wr@ng') });
    expect(text).toMatch(/^Redis at 127\.0\.0\.1:\d+ refuses the login: WRONGPASS/);
    expect(text).toMatch(/remedy: correct user and password in REDIS_URL \(or the file REDIS_URL_FILE\)/);
    expect(text).not.toMatch(/wr@ng|wr%40ng|right/);
  });

  it('a missing password reads as what it is', async () => {
    await deployment.client.config('SET', 'requirepass', 'asked for');
    try {
      expect(await failureOf({ url: `redis://127.0.0.1:${server.port}` })).toMatch(/refuses the login: NOAUTH/);
    } finally {
      await deployment.client.config('SET', 'requirepass', '');
    }
  });

  it('a password that is rotated is used at the next connection', async () => {
    await setUser('one');
    let now = url('one');
    const store = deployment.store({ options: { url: now, renew: () => ({ url: now }), tuning } });
    await store.refresh();
    await setUser('two');
    await deployment.client.client('KILL', 'USER', 'exporter');
    await expect(awaitUntil(() => store.refresh(), { timeout: 3_000, what: 'an answer' })).rejects.toThrow();
    now = url('two');
    const refreshed = async (): Promise<boolean> => store.refresh().then(() => true);
    expect(await awaitUntil(refreshed, { timeout: 20_000, what: 'an answer with the new password' })).toBe(true);
  });

  it('a client certificate is shown where it is asked for', async () => {
    const tls = { url: `rediss://localhost:${tlsPort}`, tlsCa: certificates.read('ca.pem') };
    const as = (name: string) => ({
      tlsCert: certificates.read(`${name}.pem`),
      tlsKey: certificates.read(`${name}.key`),
    });
    expect(await failureOf({ ...tls, ...as('client') })).toBe('none');
    expect(await failureOf(tls)).toMatch(/can't be reached: .*\n.*REDIS_TLS_CERT/);
    const unknown = await failureOf({ ...tls, ...as('unknown') });
    expect(unknown).toMatch(/can't be reached: .*\n.*REDIS_TLS_CERT/);
    expect(unknown).not.toContain('PRIVATE KEY');
  });
});
