import { describe, expect, it } from '@jest/globals';
import { configOf, problemsOf } from '../../../test/support/config-of.js';
import type { SettingName } from './settings.js';

describe('refused values', () => {
  it.each<[SettingName, string]>([
    ['LITELLM_DB_HOST', 'a b'],
    ['LITELLM_DB_PORT', '65536'],
    ['LITELLM_DB_PORT', '5432a'],
    ['LITELLM_DB_NAME', 'x'.repeat(64)],
    ['LITELLM_DB_NAME', 'é'.repeat(32)],
    ['LITELLM_DB_SCHEMA', 's'.repeat(64)],
    ['LITELLM_DB_SSLMODE', 'allow'],
    ['LITELLM_DB_SSLROOTCERT', '/tls/missing.pem'],
    ['LITELLM_DB_SSLROOTCERT', '/tls/not-pem'],
    ['LITELLM_DB_SSLCERT', '/tls/cert.pem'],
    ['LITELLM_DB_SSLKEY', '/tls/key.pem'],
    ['DB_MIN_CONNECTIONS', '-1'],
    ['DB_MIN_CONNECTIONS', '11'],
    ['DB_MAX_CONNECTIONS', '0'],
    ['REPLICATION_PLUGIN', 'test_decoding'],
    ['REPLICATION_SLOT', 'My-Slot'],
    ['REPLICATION_SLOT', 's'.repeat(64)],
    ['REPLICATION_PUBLICATION', 'Mixed'],
    ['REPLICATION_PUBLICATION', '1st'],
    ['ROW_MAX_AGE', '24'],
    ['REDIS_URL', 'http://cache'],
    ['REDIS_URL', 'cache:6379'],
    ['REDIS_URL', 'redis://cache/two'],
    ['REDIS_URL', 'redis://cache?tls=true'],
    ['REDIS_TLS_CA', '/tls/ca.pem'],
    ['REDIS_SENTINELS', 'a:26379,b:26379'],
    ['REDIS_SENTINEL_NAME', 'mymaster'],
    ['REDIS_CLUSTER', 'true'],
    ['REDIS_CLUSTER', 'yes'],
    ['METRICS_SPEND_WINDOW', '30 days'],
    ['METRICS_SPEND_WINDOW', '0d'],
    ['METRICS_SPEND_WINDOW', '3651d'],
    ['METRICS_REQUEST_WINDOW', '1w'],
    ['METRICS_ERROR_WINDOW', '1.5h'],
    ['METRICS_ERROR_WINDOW', '60s'],
    ['METRICS_UPDATE_INTERVAL', '0'],
    ['METRICS_UPDATE_INTERVAL', '15s'],
    ['METRICS_DISABLED', 'a,,b'],
    ['METRICS_DISABLED', 'spend{}'],
    ['METRICS_MAX_SERIES_PER_METRIC', '1e5'],
    ['METRICS_TAG_EXCLUDE', '('],
    ['METRICS_DURATION_BUCKETS', '1,1'],
    ['METRICS_DURATION_BUCKETS', '2,1'],
    ['METRICS_DURATION_BUCKETS', '0,1'],
    ['METRICS_TTFT_BUCKETS', '1,+Inf'],
    ['METRICS_TTFT_BUCKETS', Array.from({ length: 101 }, (_, index) => index + 1).join(',')],
    ['METRICS_HOST', 'http://0.0.0.0'],
    ['METRICS_PORT', '0'],
    ['METRICS_PATH', 'metrics'],
    ['METRICS_PATH', '/'],
    ['METRICS_PATH', '/livez'],
    ['LOG_LEVEL', 'verbose'],
    ['LOG_FORMAT', 'logfmt'],
  ])('%s=%s is an error that names the variable', (name, text) => {
    const problems = problemsOf({ [name]: text });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(name);
  });

  it.each([
    ['a:26379,', 'mymaster'],
    ['a:0', 'mymaster'],
    ['redis://a:26379', 'mymaster'],
    ['a', 'my master'],
  ])('REDIS_SENTINELS=%s with REDIS_SENTINEL_NAME=%s is an error', (sentinels, name) => {
    expect(problemsOf({ REDIS_SENTINELS: sentinels, REDIS_SENTINEL_NAME: name })).toHaveLength(1);
  });

  it('a cluster has one database and no Sentinels', () => {
    expect(problemsOf({ REDIS_URL: 'redis://c/2', REDIS_CLUSTER: 'true' })).toEqual([
      expect.stringMatching(/REDIS_URL names a database.*REDIS_CLUSTER/),
    ]);
    const both = {
      REDIS_SENTINELS: 'a',
      REDIS_SENTINEL_NAME: 'mymaster',
      REDIS_CLUSTER: 'true',
      REDIS_URL: 'redis://c',
    };
    expect(problemsOf(both)).toEqual(['REDIS_CLUSTER and REDIS_SENTINELS are both set: keep one of them']);
  });

  it('says what was given and what is accepted', () => {
    expect(problemsOf({ METRICS_SPEND_WINDOW: '30 days' })).toEqual([
      'METRICS_SPEND_WINDOW: got "30 days", expected a length of time from 1m to 3650d, like 30d, 24h or 90m',
    ]);
  });

  it.each<[SettingName, bounds: readonly string[], beyond: readonly string[]]>([
    ['METRICS_SPEND_WINDOW', ['1m', '3650d'], ['0m', '3651d']],
    ['METRICS_REQUEST_WINDOW', ['1m', '3650d'], ['0h', '9999999d']],
    ['METRICS_ERROR_WINDOW', ['1m', '3650d'], ['0d', '9999999d']],
    ['ROW_MAX_AGE', ['1m', '3650d'], ['0d', '87601h']],
    ['STATE_MAX_STALENESS', ['0', '3650d'], ['0d', '3651d']],
    ['METRICS_UPDATE_INTERVAL', ['1', '3600'], ['0', '3601']],
    ['METRICS_MAX_SERIES_PER_METRIC', ['0', '100000000'], ['-1', '100000001']],
    ['REPLICATION_MAX_RETAINED_BYTES', ['0', '999999999999999'], ['-1', '1000000000000000']],
    ['DB_MAX_CONNECTIONS', ['1', '1000'], ['0', '1001']],
    ['METRICS_PORT', ['1', '65535'], ['0', '65536']],
  ])('%s takes %j, and names both to whoever gives %j', (name, bounds, beyond) => {
    for (const text of bounds) expect(problemsOf({ [name]: text })).toEqual([]);
    for (const text of beyond) {
      const [problem] = problemsOf({ [name]: text });
      for (const bound of bounds) expect(problem?.split('expected')[1]).toMatch(new RegExp(`\\b${bound}\\b`));
    }
  });

  it('says how many buckets a histogram may have', () => {
    const [problem] = problemsOf({
      METRICS_DURATION_BUCKETS: Array.from({ length: 101 }, (_, at) => at + 1).join(','),
    });
    expect(problem).toContain('expected at most 100 positive numbers');
  });

  it('says where the port of the database goes, and takes IPv6 addresses for what they are', () => {
    expect(problemsOf({ LITELLM_DB_HOST: 'db.internal:5433' })).toEqual([
      'LITELLM_DB_HOST: got "db.internal:5433", expected a host name, an IP address or the directory of a Unix socket; the port goes into LITELLM_DB_PORT',
    ]);
    for (const host of ['::1', 'fe80::1%eth0', '10.0.0.1', 'db_1.internal', '/run/postgresql']) {
      expect(configOf({ LITELLM_DB_HOST: host }).database.host).toBe(host);
    }
  });

  it('quotes a value that is in a secret by chance, and none that is a secret', () => {
    const DATABASE_URL = 'postgresql://app:pass@db.internal/llm';
    expect(problemsOf({ DATABASE_URL, METRICS_PATH: '/' })).toEqual([expect.stringContaining('METRICS_PATH: got "/"')]);
    const hidden = [expect.stringContaining('METRICS_PATH: got (not shown')];
    expect(problemsOf({ DATABASE_URL, METRICS_PATH: 'pass' })).toEqual(hidden);
    expect(problemsOf({ LITELLM_DB_PASSWORD: 'abc', METRICS_PATH: 'abc' })).toEqual(hidden);
  });
});
