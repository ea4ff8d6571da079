import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { CHART, type Manifest, renderText, type Values } from './chart.js';
import { describeWith } from './tools.js';

const defaults: Manifest = parse(readFileSync(join(CHART, 'values.yaml'), 'utf8'));
/** Maps that are one value: what stands in them is Kubernetes' own. */
const WHOLE = /Probe$|ecurityContext$|^resources$/;
const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function leavesOf(values: Record<string, unknown>, path: string[] = []): string[] {
  return Object.entries(values).flatMap(([key, value]) => {
    const here = [...path, key];
    const isInner = isMap(value) && Object.keys(value).length > 0 && !WHOLE.test(key);
    return isInner ? leavesOf(value, here) : [here.join('.')];
  });
}

/** Values with one at this path. */
function at(path: string, value: unknown): Record<string, unknown> {
  return path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Record<string, unknown>;
}

function merge(one: Record<string, unknown>, other: Record<string, unknown>): Record<string, unknown> {
  const merged = { ...one };
  for (const [key, value] of Object.entries(other)) {
    const before = merged[key];
    merged[key] = isMap(before) && isMap(value) ? merge(before, value) : value;
  }
  return merged;
}

const SEVERAL: Values = { database: { host: 'postgres' }, redis: { existingSecret: 'redis' }, replicaCount: 3 };
const ALONE: Values = { database: { host: 'postgres' }, redis: { existingSecret: '' }, replicaCount: 1 };
const BY_URL: Values = { database: { host: '' } };
const SENTINEL: Values = { redis: { sentinel: { addresses: 'a:1', name: 'm', existingSecret: 's' } } };
const URL_SECRET: Values = { database: { host: '', existingSecret: 's', existingSecretKeys: { url: 'u' } } };

/** What a value means something beside; a key is a path, or the beginning of paths. */
const BESIDE: Readonly<Record<string, Values>> = {
  'database.url': { ...ALONE, ...BY_URL },
  'database.existingSecretKeys.password': { database: { existingSecret: 's' } },
  'database.existingSecretKeys.url': URL_SECRET,
  'database.tls': { database: { tls: { existingSecret: 's' } } },
  'database.tls.certKey': { database: { tls: { existingSecret: 's', keyKey: 'k' } } },
  'database.tls.keyKey': { database: { tls: { existingSecret: 's', certKey: 'c', keyKey: 'k' } } },
  'database.tls.existing': { database: { tls: { existingSecret: '' } } },
  'redis.url': ALONE,
  'redis.urlFile': ALONE,
  'redis.sentinel': SENTINEL,
  'redis.sentinel.addresses': ALONE,
  'redis.tls.caKey': { redis: { tls: { existingConfigMap: 'c' } } },
  'redis.tls.certKey': { redis: { tls: { existingSecret: 's', keyKey: 'k' } } },
  'redis.tls.keyKey': { redis: { tls: { existingSecret: 's', certKey: 'c', keyKey: 'k' } } },
  'service.nodePort': { service: { type: 'NodePort' } },
  'webConfig.key': { webConfig: { existingSecret: 's' } },
  'webConfig.certificateSecret': { webConfig: { existingSecret: 's' } },
  'monitoring.jobName': { scrapeConfig: { enabled: true } },
  'networkPolicy.egress.redis.sentinelPort': SENTINEL,
};

/** Another value than the default, where a word, one more or the opposite would not do. */
const OTHER: Readonly<Record<string, unknown>> = {
  'image.digest': `sha256:${'a'.repeat(64)}`,
  'image.pullPolicy': 'Always',
  'database.sslmode': 'require',
  'database.passwordFile': '/other',
  'database.url': 'postgresql://u:p@other/d',
  'database.urlFile': '/other',
  'redis.url': 'redis://other',
  'redis.urlFile': '/other',
  'redis.sentinel.addresses': 'other:1',
  'webConfig.content': { tls_server_config: { cert_file: 'tls.crt', key_file: 'tls.key' } },
  port: 8080,
  logLevel: 'debug',
  logFormat: 'text',
  config: { METRICS_SPEND_WINDOW: '7d' },
  command: ['other'],
  args: ['other'],
  extraEnv: { OTHER: 'other' },
  strategy: { type: 'Recreate' },
  topologySpreadConstraints: [],
  'service.type': 'NodePort',
  'service.nodePort': 30_000,
  'service.ipFamilyPolicy': 'SingleStack',
  'service.ipFamilies': ['IPv4'],
  'service.sessionAffinity': 'ClientIP',
  'podDisruptionBudget.unhealthyPodEvictionPolicy': 'AlwaysAllow',
  'prometheusRule.alerts': { LitellmExporterStale: { threshold: 1 } },
  extraManifests: ['kind: Other'],
};

function otherThan(path: string): unknown {
  if (Object.hasOwn(OTHER, path)) return OTHER[path];
  const value = path.split('.').reduce((inner, key) => inner[key], defaults);
  if (/\.(interval|scrapeTimeout)$/.test(path)) return '17s';
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return value + 1;
  if (Array.isArray(value)) return [{ name: 'other' }];
  // Helm merges maps: null is what takes one away.
  if (isMap(value)) return WHOLE.test(path) ? null : { other: 'other' };
  return value === null ? 1234 : 'other';
}

/** The longest of {@link BESIDE} that the path begins with, and its own switch. */
function besideOf(path: string): Record<string, unknown> {
  const [found] = Object.keys(BESIDE)
    .filter((key) => path.startsWith(key))
    .sort((a, b) => b.length - a.length);
  const [first = ''] = path.split('.');
  const hasSwitch = isMap(defaults[first]) && Object.hasOwn(defaults[first], 'enabled') && path !== `${first}.enabled`;
  const switched = hasSwitch ? merge(SEVERAL, at(`${first}.enabled`, true)) : { ...SEVERAL };
  return merge(switched, found === undefined ? {} : { ...BESIDE[found] });
}

/** What comes with a change that can't stand alone. */
const WITH: Readonly<Record<string, Values>> = { 'redis.sentinel.addresses': { redis: { sentinel: { name: 'm' } } } };

describeWith(['helm'], 'each value of values.yaml', () => {
  it.each(leavesOf(defaults))('%s changes what is made', (path) => {
    const before = besideOf(path);
    const after = merge(merge(before, at(path, otherThan(path))), { ...WITH[path] });
    // Where the change makes the values whole, there is nothing to render before it.
    const isWholeBefore = !/^database\.(host|url|urlFile)$|existingSecretKeys\.url/.test(path);
    const rendered = renderText(after);
    expect(rendered).toContain('kind: Deployment');
    if (isWholeBefore) expect(rendered).not.toBe(renderText(before));
    else expect(rendered).toContain(path.endsWith('url') && !path.includes('Keys') ? 'DATABASE_URL_FILE' : 'other');
  });
});
