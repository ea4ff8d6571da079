import { describe, expect, it } from '@jest/globals';
import { loadConfig } from './load-config.js';
import { RenewedConfig } from './renewed-config.js';

const PEM = '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n';

function given(env: Readonly<Record<string, string>>, files: Map<string, string>) {
  const readFile = (path: string): string => {
    const text = files.get(path);
    if (text !== undefined) return text;
    throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
  };
  const warnings: string[] = [];
  const started = loadConfig(env, readFile);
  return { renewed: new RenewedConfig(started, { env, readFile, warn: (line) => warnings.push(line) }), warnings };
}

describe('a config that is read again', () => {
  const env = {
    LITELLM_DB_PASSWORD_FILE: '/pw',
    LITELLM_DB_SSLROOTCERT: '/ca',
    REDIS_URL_FILE: '/redis',
    REDIS_TLS_CA: '/ca',
  };
  const files = (): Map<string, string> =>
    new Map([
      ['/pw', 'one\n'],
      ['/ca', PEM],
      ['/redis', 'rediss://:one@cache'],
    ]);

  it('has secrets and certificates as their files have them now', () => {
    const now = files();
    const { renewed, warnings } = given(env, now);
    now.set('/pw', 'two\n');
    now.set('/redis', 'rediss://:two@cache');
    now.set('/ca', `${PEM}${PEM}`);
    expect(renewed.read()).toMatchObject({
      database: { password: 'two', ssl: { rootCert: { pem: `${PEM}${PEM}` } } },
      redis: { url: 'rediss://:two@cache', tlsCa: { pem: `${PEM}${PEM}` } },
    });
    expect(warnings).toEqual([]);
  });

  it('keeps what was read last where a file is missing or wrong, and says so once for each trouble', () => {
    const now = files();
    const { renewed, warnings } = given(env, now);
    now.set('/pw', 'two');
    renewed.read();
    now.delete('/pw');
    for (let time = 0; time < 3; time++) expect(renewed.read().database.password).toBe('two');
    now.set('/pw', 'three');
    expect(renewed.read().database.password).toBe('three');
    now.set('/redis', 'secret without a scheme');
    expect(renewed.read().redis?.url).toBe('rediss://:one@cache');
    expect(warnings).toEqual([
      expect.stringContaining('LITELLM_DB_PASSWORD_FILE: the file "/pw" can\'t be read (ENOENT)'),
      expect.stringContaining('REDIS_URL_FILE'),
    ]);
    expect(warnings.join()).not.toMatch(/secret without|three|two/);
  });

  it('does not move to another database while it runs', () => {
    const now = new Map([['/url', 'postgresql://u:one@db/litellm']]);
    const { renewed, warnings } = given({ DATABASE_URL_FILE: '/url' }, now);
    now.set('/url', 'postgresql://u:two@standby/other');
    expect(renewed.read().database).toMatchObject({ name: 'litellm', host: 'standby', password: 'two' });
    expect(renewed.read().replication.slot).toBe('litellm_exporter_litellm');
    expect(warnings).toEqual([expect.stringContaining('names another database or schema')]);
  });
});
