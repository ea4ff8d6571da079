import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { CHART, type Manifest, refusalOf, renderText, type Values } from './chart.js';
import { describeWith } from './tools.js';

const schema: Manifest = JSON.parse(readFileSync(join(CHART, 'values.schema.json'), 'utf8'));

interface Wrong {
  readonly path: readonly string[];
  readonly value: unknown;
}

/** A wrong value for each value of the schema that is not a map of others. */
function constraintsOf(part: Manifest, path: readonly string[] = []): Wrong[] {
  const { $ref, properties } = part;
  if ($ref !== undefined) return constraintsOf(schema.definitions[$ref.split('/').at(-1)], path);
  if (properties !== undefined) {
    return Object.entries<Manifest>(properties).flatMap(([key, inner]) => constraintsOf(inner, [...path, key]));
  }
  return [{ path, value: wrongFor(part) }];
}

function wrongFor({ enum: words, pattern, minimum, minLength, type }: Manifest): unknown {
  if (words !== undefined) return 'none of them';
  if (pattern !== undefined) return 'no such form';
  if (minimum !== undefined) return minimum - 1;
  if (minLength !== undefined) return '';
  return type === 'string' || [type].flat().includes('object') ? 17 : 'of another kind';
}

function merge(values: Manifest, [key = '', ...rest]: readonly string[], value: unknown): Manifest {
  return { ...values, [key]: rest.length === 0 ? value : merge(values[key] ?? {}, rest, value) };
}

const database = { host: 'postgres' };
const on = { enabled: true };
const REDIS = { existingSecret: 'redis' };

describeWith(['helm'], 'the chart refuses', () => {
  it.each<[string, Values, RegExp]>([
    ['nothing about the database', {}, /database\.host is missing: set it, or give/],
    [
      'several replicas without Redis',
      { database, replicaCount: 2 },
      /replicaCount is 2 without Redis, .*: set redis\.url, .*, or leave replicaCount at 1/,
    ],
    [
      'several replicas that may serve a stale state',
      { database, redis: REDIS, replicaCount: 2, config: { STATE_MAX_STALENESS: '5m' } },
      /STATE_MAX_STALENESS': value must be one of 0/,
    ],
    [
      'a rolling update without Redis',
      { database, strategy: { type: 'RollingUpdate' } },
      /strategy\.type is RollingUpdate, .* without Redis, .*: set redis\.url, /,
    ],
    [
      'a ServiceMonitor beside a PodMonitor',
      { database, serviceMonitor: on, podMonitor: on },
      /serviceMonitor and podMonitor are enabled together, .* scraped twice: enable one/,
    ],
    [
      'a ServiceMonitor beside a ScrapeConfig',
      { database, serviceMonitor: on, scrapeConfig: on },
      /serviceMonitor and scrapeConfig are enabled together/,
    ],
    [
      'a PodMonitor beside a ScrapeConfig',
      { database, podMonitor: on, scrapeConfig: on },
      /podMonitor and scrapeConfig are enabled together/,
    ],
    [
      'two things at once, by naming both',
      { database, replicaCount: 3, podMonitor: on, scrapeConfig: on, serviceMonitor: on },
      /replicaCount is 3 .*; serviceMonitor and podMonitor and scrapeConfig are enabled/,
    ],
    ['a URL beside its parts', { database: { host: 'a', url: 'postgresql://b/c' } }, /database\/host': maxLength/],
    ['a file with the URL beside the parts', { database: { host: 'a', urlFile: '/a' } }, /database\/host': maxLength/],
    [
      'a Secret beside a password',
      { database: { host: 'a', existingSecret: 's', password: 'p' } },
      /database\/password': maxLength/,
    ],
    [
      'a Secret beside a Redis URL',
      { database, redis: { existingSecret: 's', url: 'redis://r' } },
      /redis\/url': maxLength/,
    ],
    [
      'a certificate without its key',
      { database: { host: 'a', tls: { existingSecret: 's', certKey: 'c' } } },
      /keyKey/,
    ],
    [
      'a file with the password beside a Secret',
      { database: { host: 'a', existingSecret: 's', passwordFile: '/p' } },
      /database\/passwordFile': maxLength/,
    ],
    [
      'a password twice',
      { database: { host: 'a', password: 'p', passwordFile: '/p' } },
      /database\/password': maxLength/,
    ],
    [
      'a password beside the URL that has one',
      { database: { url: 'postgresql://u:p@b/c', password: 'p' } },
      /database\/password': maxLength/,
    ],
    ['a URL twice', { database: { url: 'postgresql://b/c', urlFile: '/u' } }, /database\/url': maxLength/],
    [
      'a key with the URL beside the parts',
      { database: { host: 'a', existingSecret: 's', existingSecretKeys: { url: 'u' } } },
      /database\/host': maxLength/,
    ],
    [
      'a Secret beside a file with the Redis URL',
      { database, redis: { existingSecret: 's', urlFile: '/u' } },
      /redis\/urlFile': maxLength/,
    ],
    ['a Redis URL twice', { database, redis: { url: 'redis://r', urlFile: '/u' } }, /redis\/url': maxLength/],
    [
      'authorities for Redis from two places',
      { database, redis: { tls: { existingSecret: 's', existingConfigMap: 'c' } } },
      /redis\/tls\/existingSecret': maxLength/,
    ],
    [
      'settings beside a ConfigMap that would replace them',
      { database, existingConfigMap: 'c', config: { METRICS_SPEND_WINDOW: '7d' } },
      /config': maxProperties/,
    ],
    ['a port of the nodes for a Service inside', { database, service: { nodePort: 30_000 } }, /service\/type'/],
    ['a Redis URL of another scheme', { database, redis: { url: 'http://redis' } }, /redis\/url/],
    ['Sentinels without a name', { database, redis: { sentinel: { addresses: 'a:1' } } }, /sentinel\/name': minLength/],
    [
      'Sentinels of a cluster',
      { database, redis: { cluster: true, sentinel: { addresses: 'a:1', name: 'm' } } },
      /addresses': maxLength/,
    ],
    ['a relative path of a secret', { database: { host: 'a', passwordFile: 'password' } }, /passwordFile/],
    ['a setting that is none', { database, config: { METRICS_SPEND_WINDOWS: '7d' } }, /invalid propertyName/],
    ['a setting that has a value of its own', { database, config: { METRICS_PORT: 9 } }, /invalid propertyName/],
    ['a secret among the settings', { database, config: { REDIS_URL: 'redis://r' } }, /invalid propertyName/],
    ['a value that is none', { database, replicas: 2 }, /replicas/],
    ['a misspelt value', { database: { host: 'a', pasword: 'p' } }, /pasword/],
    ['a digest that is none', { database, image: { digest: 'latest' } }, /image\/digest/],
    ['a port that is none', { database, port: 70_000 }, /port/],
    ['an ssl mode that is none', { database: { host: 'a', sslmode: 'on' } }, /sslmode/],
    ['one port for both purposes', { database, redis: REDIS, replicaCount: 2, port: 9091 }, /telemetryPort/],
    [
      'an alert that is none',
      { database, prometheusRule: { enabled: true, alerts: { Typo: {} } } },
      /there is no alert Typo/,
    ],
  ])('%s', (_, values, words) => {
    expect(refusalOf(values)).toMatch(words);
  });

  it('every value that is of another kind or none of the words that there are, all of them at once', () => {
    const wrong = constraintsOf(schema);
    expect(wrong.length).toBeGreaterThan(100);
    const said = refusalOf(wrong.reduce((values, { path, value }) => merge(values, path, value), {}));
    expect(wrong.map(({ path }) => path.join('/')).filter((path) => !said.includes(`at '/${path}`))).toEqual([]);
  });

  it.each<[string, Values]>([
    ['several replicas with a Redis', { replicaCount: 3, redis: REDIS }],
    ['several replicas with a Redis URL from a file', { replicaCount: 2, redis: { urlFile: '/vault/redis' } }],
    ['several replicas with Sentinels', { replicaCount: 2, redis: { sentinel: { addresses: 'a:1,b:2', name: 'm' } } }],
    ['a rolling update with a Redis', { strategy: { type: 'RollingUpdate' }, redis: REDIS }],
    ['one monitor', { podMonitor: on, serviceMonitor: { enabled: false } }],
    ['no replica at all', { replicaCount: 0 }],
  ])('but takes %s', (_, values) => {
    expect(renderText(values)).toContain('kind: Deployment');
  });
});
