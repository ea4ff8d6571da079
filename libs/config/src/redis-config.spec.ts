import { describe, expect, it } from '@jest/globals';
import { configOf, PEM, problemsOf } from '../../../test/support/config-of.js';
import { describeConfig } from './describe-config.js';
import type { Environment } from './environment.js';

describe('Sentinels and clusters', () => {
  it('takes Sentinels without a URL, and the credentials, number and TLS of one', () => {
    const env = { REDIS_SENTINELS: 'a, b:26380,[::1]:5', REDIS_SENTINEL_NAME: 'mymaster' };
    const addresses = [
      { host: 'a', port: 26_379 },
      { host: 'b', port: 26_380 },
      { host: '::1', port: 5 },
    ];
    expect(configOf(env).redis).toMatchObject({
      url: 'redis://sentinels',
      sentinels: { name: 'mymaster', addresses, password: null },
      cluster: false,
    });
    const more = { REDIS_URL: 'rediss://u:p@x/3', REDIS_TLS_CA: '/tls/ca.pem', REDIS_SENTINEL_PASSWORD: 'own' };
    expect(configOf({ ...env, ...more }).redis).toMatchObject({
      url: 'rediss://u:p@x/3',
      tlsCa: { pem: PEM },
      sentinels: { password: 'own' },
    });
    const described = JSON.stringify(describeConfig(configOf({ ...env, ...more })));
    expect(described).toContain('"addresses":["a:26379","b:26380","::1:5"],"password":"***"');
  });

  it.each<[Environment, string]>([
    [{ REDIS_HOST: 'cache' }, "REDIS_HOST is LiteLLM's and is not read here"],
    [{ REDIS_HOST: 'cache', REDIS_PORT: '6379' }, "REDIS_HOST and REDIS_PORT are LiteLLM's and are not read here"],
  ])("warns where only LiteLLM's names say where Redis is: %j", (env, start) => {
    const warning = `${start}: without REDIS_URL the state is in memory`;
    expect(configOf(env)).toMatchObject({ redis: null, warnings: [warning] });
    expect(configOf({ ...env, REDIS_URL: 'redis://cache' }).warnings).toEqual([]);
    expect(configOf({ ...env, REDIS_SENTINELS: 'a', REDIS_SENTINEL_NAME: 'mymaster' }).warnings).toEqual([]);
  });

  it('does not take what Kubernetes sets for a Service named redis for that', () => {
    expect(configOf({ REDIS_PORT: 'tcp://10.0.0.1:6379' }).warnings.join()).not.toContain('LiteLLM');
  });

  it("takes the password of LiteLLM's own Sentinels for no mistake", () => {
    expect(configOf({ REDIS_SENTINEL_PASSWORD: 'own' }).redis).toBeNull();
  });

  it('takes a client certificate with its key, and only with TLS', () => {
    const both = { REDIS_TLS_CERT: '/tls/cert.pem', REDIS_TLS_KEY: '/tls/key.pem' };
    expect(configOf({ REDIS_URL: 'rediss://c', ...both }).redis).toMatchObject({
      tlsCert: { path: '/tls/cert.pem' },
      tlsKey: { path: '/tls/key.pem' },
    });
    expect(problemsOf({ REDIS_URL: 'rediss://c', REDIS_TLS_CERT: '/tls/cert.pem' })).toEqual([
      'REDIS_TLS_CERT and REDIS_TLS_KEY belong together: one of them is missing',
    ]);
    expect(problemsOf({ REDIS_URL: 'redis://c', ...both })).toHaveLength(2);
    expect(problemsOf(both)).toHaveLength(2);
  });

  it('takes a node of a cluster', () => {
    expect(configOf({ REDIS_URL: 'redis://c', REDIS_CLUSTER: 'true' }).redis).toMatchObject({
      url: 'redis://c',
      cluster: true,
      sentinels: null,
    });
  });
});

describe('names of keys in Redis', () => {
  it('begin with the database, made fit for a hash tag', () => {
    expect(configOf({ REDIS_URL: 'redis://c', LITELLM_DB_NAME: 'a {b}' }).redis?.keyPrefix).toBe(
      'litellm_exporter:a__b_',
    );
    expect(configOf({ REDIS_URL: 'redis://c', REDIS_KEY_PREFIX: 'mine' }).redis?.keyPrefix).toBe('mine');
    expect(problemsOf({ REDIS_URL: 'redis://c', REDIS_KEY_PREFIX: 'a{b}' })).toHaveLength(1);
  });
});
