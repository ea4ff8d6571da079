import { describe, expect, it } from '@jest/globals';
import { configOf, PEM, problemsOf } from '../../../test/support/config-of.js';
import type { ExporterConfig } from './config.js';
import { SETTING_NAMES, type SettingName, settingOf } from './settings.js';

describe('loadConfig', () => {
  it('gives the documented defaults for an empty environment', () => {
    expect(configOf({})).toEqual({
      database: {
        host: 'localhost',
        port: 5432,
        name: 'litellm',
        user: 'postgres',
        password: null,
        schema: 'public',
        ssl: { mode: 'prefer', rootCert: null, cert: null, key: null },
        poolMin: 1,
        poolMax: 10,
      },
      replication: {
        plugin: 'auto',
        slot: 'litellm_exporter_litellm',
        publication: 'litellm_exporter',
        maxRetainedBytes: 0,
        failover: false,
      },
      redis: null,
      http: { host: null, port: 9090, path: '/metrics', telemetryPort: null, webConfigFile: null },
      windows: { spend: 2_592_000_000, request: 86_400_000, error: 3_600_000 },
      buckets: {
        duration: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600],
        ttft: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
      },
      tagExclude: /^User-Agent: /,
      rowMaxAge: 86_400_000,
      disabledFamilies: [],
      maxSeries: 100_000,
      updateInterval: 15_000,
      stateMaxStaleness: 0,
      log: { level: 'info', format: 'text' },
      warnings: [],
    });
  });

  it('freezes the config all the way down', () => {
    const config = configOf({ REDIS_URL: 'redis://cache' });
    for (const part of [config, config.database, config.database.ssl, config.redis, config.buckets.ttft, config.log]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  it('takes an empty variable for an unset one, as Compose files write it', () => {
    const empty = Object.fromEntries(SETTING_NAMES.map((name) => [name, '']));
    expect(configOf(empty)).toEqual({ ...configOf({}), tagExclude: null });
  });

  it('accepts every default when it is set explicitly', () => {
    for (const name of SETTING_NAMES) {
      const text = settingOf(name).default;
      if (text !== null) expect([name, problemsOf({ [name]: text })]).toEqual([name, []]);
    }
  });

  it('makes a failover slot only with Redis: without it the slot is a temporary one', () => {
    expect(configOf({ REPLICATION_FAILOVER: 'true', REDIS_URL: 'redis://cache' }).replication.failover).toBe(true);
    expect(problemsOf({ REPLICATION_FAILOVER: 'true' })).toEqual([
      expect.stringMatching(/^REPLICATION_FAILOVER: .* set REDIS_URL, or leave REPLICATION_FAILOVER unset$/),
    ]);
  });

  it('reports all problems at once', () => {
    const problems = problemsOf({
      METRICS_PORT: 'ninety',
      LOG_FORMAT: 'xml',
      METRICS_PROT: '9090',
      REDIS_CLUSTER: 'true',
    });
    expect(problems).toHaveLength(4);
  });

  it('puts every problem into the message of the error', () => {
    expect(() => configOf({ METRICS_PORT: '0', LOG_FORMAT: 'xml' })).toThrow(/METRICS_PORT.*\n.*LOG_FORMAT/);
  });
});

describe('accepted values', () => {
  const cases: readonly (readonly [SettingName, string, (config: ExporterConfig) => unknown, unknown])[] = [
    ['LITELLM_DB_HOST', '/var/run/postgresql', (c) => c.database.host, '/var/run/postgresql'],
    ['LITELLM_DB_HOST', 'fe80::1%eth0', (c) => c.database.host, 'fe80::1%eth0'],
    ['LITELLM_DB_PORT', '65535', (c) => c.database.port, 65_535],
    ['LITELLM_DB_NAME', 'LiteLLM prod', (c) => c.database.name, 'LiteLLM prod'],
    ['LITELLM_DB_NAME', 'LiteLLM prod', (c) => c.replication.slot, 'litellm_exporter_litellm_prod'],
    ['LITELLM_DB_NAME', 'é'.repeat(31), (c) => c.replication.slot, `litellm_exporter_${'_'.repeat(31)}`],
    ['LITELLM_DB_NAME', 'x'.repeat(63), (c) => c.replication.slot.length, 63],
    ['LITELLM_DB_USER', 'metrics', (c) => c.database.user, 'metrics'],
    ['LITELLM_DB_PASSWORD', ' with spaces ', (c) => c.database.password, ' with spaces '],
    ['LITELLM_DB_SCHEMA', 'LiteLLM', (c) => c.database.schema, 'LiteLLM'],
    ['LITELLM_DB_SSLMODE', 'verify-full', (c) => c.database.ssl.mode, 'verify-full'],
    ['LITELLM_DB_SSLROOTCERT', '/tls/ca.pem', (c) => c.database.ssl.rootCert, { path: '/tls/ca.pem', pem: PEM }],
    ['DB_MIN_CONNECTIONS', '0', (c) => c.database.poolMin, 0],
    ['DB_MAX_CONNECTIONS', '3', (c) => c.database.poolMax, 3],
    ['REPLICATION_PLUGIN', 'pgoutput', (c) => c.replication.plugin, 'pgoutput'],
    ['REPLICATION_SLOT', 'a_1', (c) => c.replication.slot, 'a_1'],
    ['REPLICATION_PUBLICATION', 'litellm_metrics', (c) => c.replication.publication, 'litellm_metrics'],
    ['ROW_MAX_AGE', '7d', (c) => c.rowMaxAge, 604_800_000],
    ['STATE_MAX_STALENESS', '5m', (c) => c.stateMaxStaleness, 300_000],
    ['REDIS_URL', 'rediss://:p%40w@cache:6380/3', (c) => c.redis?.url, 'rediss://:p%40w@cache:6380/3'],
    ['REDIS_URL', 'redis://[::1]:6379', (c) => c.redis?.keyPrefix, 'litellm_exporter:litellm'],
    ['METRICS_SPEND_WINDOW', '90m', (c) => c.windows.spend, 5_400_000],
    ['METRICS_REQUEST_WINDOW', '1d', (c) => c.windows.request, 86_400_000],
    ['METRICS_ERROR_WINDOW', '3650d', (c) => c.windows.error, 315_360_000_000],
    ['REPLICATION_MAX_RETAINED_BYTES', '10737418240', (c) => c.replication.maxRetainedBytes, 10_737_418_240],
    ['METRICS_UPDATE_INTERVAL', '60', (c) => c.updateInterval, 60_000],
    [
      'METRICS_DISABLED',
      'litellm_tag_spend, litellm_current_*',
      (c) => c.disabledFamilies,
      ['litellm_tag_spend', 'litellm_current_*'],
    ],
    ['METRICS_MAX_SERIES_PER_METRIC', '0', (c) => c.maxSeries, 0],
    ['METRICS_TAG_EXCLUDE', '', (c) => c.tagExclude, null],
    ['METRICS_TAG_EXCLUDE', '^(a|b)$', (c) => c.tagExclude, /^(a|b)$/],
    ['METRICS_DURATION_BUCKETS', '1, 2.5,10', (c) => c.buckets.duration, [1, 2.5, 10]],
    ['METRICS_TTFT_BUCKETS', '0.5', (c) => c.buckets.ttft, [0.5]],
    ['METRICS_HOST', '127.0.0.1', (c) => c.http.host, '127.0.0.1'],
    ['METRICS_PORT', '1', (c) => c.http.port, 1],
    ['METRICS_PATH', '/a/metrics', (c) => c.http.path, '/a/metrics'],
    ['TELEMETRY_PORT', '9091', (c) => c.http.telemetryPort, 9091],
    ['WEB_CONFIG_FILE', '/etc/web.yml', (c) => c.http.webConfigFile, '/etc/web.yml'],
    ['LOG_LEVEL', 'WARNING', (c) => c.log.level, 'warn'],
    ['LOG_LEVEL', 'critical', (c) => c.log.level, 'error'],
    ['LOG_LEVEL', 'Debug', (c) => c.log.level, 'debug'],
    ['LOG_FORMAT', 'json', (c) => c.log.format, 'json'],
  ];

  it.each(cases)('%s=%s', (name, text, part, value) => {
    expect(part(configOf({ [name]: text }))).toEqual(value);
  });

  it('refuses one port for metrics and telemetry, the default included', () => {
    const problem = 'METRICS_PORT and TELEMETRY_PORT are both 9090: give each a port of its own';
    expect(problemsOf({ TELEMETRY_PORT: '9090' })).toEqual([problem]);
    expect(problemsOf({ TELEMETRY_PORT: '9090', METRICS_PORT: '9091' })).toEqual([]);
  });

  it('covers every setting that is built', () => {
    const withSpecsOfTheirOwn = [
      'DATABASE_URL',
      'LITELLM_DB_SSLCERT',
      'LITELLM_DB_SSLKEY',
      'REDIS_TLS_CA',
      'REDIS_TLS_CERT',
      'REDIS_TLS_KEY',
      'REDIS_KEY_PREFIX',
      'REDIS_SENTINELS',
      'REDIS_SENTINEL_NAME',
      'REDIS_SENTINEL_PASSWORD',
      'REDIS_CLUSTER',
      'REPLICATION_FAILOVER',
    ];
    const covered = new Set<string>([...withSpecsOfTheirOwn, ...cases.map(([name]) => name)]);
    expect(SETTING_NAMES.filter((name) => !covered.has(name))).toEqual([]);
  });
});

describe('secrets in files', () => {
  it('reads the twin of a secret, without its last line end', () => {
    const read = (path: string) => configOf({ LITELLM_DB_PASSWORD_FILE: path }).database.password;
    expect(read('/run/secrets/password')).toBe('from file');
    expect(read('/run/secrets/windows')).toBe('from file');
    expect(read('/run/secrets/two-lines')).toBe('one\n');
    expect(configOf({ DATABASE_URL_FILE: '/run/secrets/url' }).database.host).toBe('db.internal');
    expect(configOf({ REDIS_URL_FILE: '/run/secrets/redis' }).redis?.url).toBe('redis://cache:6379/2');
  });

  it.each(['LITELLM_DB_PASSWORD', 'DATABASE_URL', 'REDIS_URL'])('refuses %s together with its twin', (name) => {
    const problems = problemsOf({ [name]: 'redis://x', [`${name}_FILE`]: '/run/secrets/password' });
    expect(problems).toContain(`${name} and ${name}_FILE are both set: keep one of them`);
  });

  it('names a file that can not be read, or is empty', () => {
    expect(problemsOf({ LITELLM_DB_PASSWORD_FILE: '/nowhere' })).toEqual([
      'LITELLM_DB_PASSWORD_FILE: the file "/nowhere" can\'t be read (ENOENT)',
    ]);
    expect(problemsOf({ LITELLM_DB_PASSWORD_FILE: '/run/secrets/empty' })[0]).toContain('is empty');
  });

  it('refuses a twin of what is no secret', () => {
    expect(problemsOf({ METRICS_PORT_FILE: '/x' })).toEqual([
      'METRICS_PORT_FILE is not a setting: only secrets can be read from a file; set METRICS_PORT',
    ]);
  });

  it('does not print a secret that strayed into another variable', () => {
    const problems = problemsOf({ LITELLM_DB_PASSWORD: 'hunter2000', METRICS_PORT: 'hunter2000' });
    expect(problems.join()).not.toContain('hunter2000');
    expect(problemsOf({ LITELLM_DB_HOST: 'postgresql://u:hunter2000@h/db' }).join()).not.toContain('hunter2000');
  });
});

describe('TLS', () => {
  it('takes a client certificate with its key', () => {
    const { ssl } = configOf({ LITELLM_DB_SSLCERT: '/tls/cert.pem', LITELLM_DB_SSLKEY: '/tls/key.pem' }).database;
    expect(ssl.cert?.path).toBe('/tls/cert.pem');
    expect(ssl.key?.path).toBe('/tls/key.pem');
  });

  it('says what has no effect', () => {
    expect(configOf({ STATE_MAX_STALENESS: '5m' }).warnings).toEqual([expect.stringContaining('STATE_MAX_STALENESS')]);
    expect(configOf({ STATE_MAX_STALENESS: '5m', REDIS_URL: 'redis://x' }).warnings).toEqual([]);
  });

  it('takes authorities for Redis with rediss:// only', () => {
    expect(configOf({ REDIS_URL: 'rediss://c', REDIS_TLS_CA: '/tls/ca.pem' }).redis?.tlsCa?.pem).toBe(PEM);
    expect(problemsOf({ REDIS_URL: 'redis://c', REDIS_TLS_CA: '/tls/ca.pem' })).toHaveLength(1);
  });
});

describe('what Kubernetes injects for Services', () => {
  it('is ignored with a warning where it meets the name of a setting', () => {
    const config = configOf({ METRICS_PORT: 'tcp://10.0.0.1:9090', LITELLM_DB_PORT: 'tcp://10.0.0.2:5432' });
    expect(config.http.port).toBe(9090);
    expect(config.database.port).toBe(5432);
    expect(config.warnings.join('\n')).toMatch(/LITELLM_DB_PORT=tcp.*\n.*METRICS_PORT=tcp/);
  });

  it('is no near miss', () => {
    const config = configOf({
      METRICS_SERVICE_HOST: '10.0.0.1',
      METRICS_SERVICE_PORT: '9090',
      METRICS_SERVICE_PORT_HTTP: '9090',
      METRICS_PORT_9090_TCP: 'tcp://10.0.0.1:9090',
      METRICS_PORT_9090_TCP_ADDR: '10.0.0.1',
      METRICS_PORT_9090_TCP_PORT: '9090',
      METRICS_PORT_9090_TCP_PROTO: 'tcp',
      LITELLM_DB_SERVICE_HOST: '10.0.0.2',
      KUBERNETES_SERVICE_HOST: '10.0.0.3',
    });
    expect(config.warnings).toHaveLength(1);
    expect(config.warnings[0]).toContain('METRICS_PORT_9090_TCP_ADDR');
    expect(config.warnings[0]).not.toContain('KUBERNETES');
  });

  it('says nothing about where the database is', () => {
    const env = { DATABASE_URL: 'postgresql://u@h/db', LITELLM_DB_PORT: 'tcp://10.0.0.2:5432' };
    expect(configOf(env).database.port).toBe(5432);
  });
});
