import { expect, it } from '@jest/globals';
import { refusalOf, renderText, type Values } from './chart.js';
import { describeWith } from './tools.js';

const database = { host: 'postgres' };
const on = { enabled: true };
const REDIS = { existingSecret: 'redis' };

describeWith(['helm'], 'the chart refuses', () => {
  it.each<[string, Values, RegExp]>([
    ['nothing about the database', {}, /database\.host is missing: set it, or give/],
    ['several replicas without Redis', { database, replicaCount: 2 }, /redis\/existingSecret': minLength/],
    [
      'a rolling update without Redis',
      { database, strategy: { type: 'RollingUpdate' } },
      /redis\/existingSecret': minLength/,
    ],
    [
      'a ServiceMonitor beside a PodMonitor',
      { database, serviceMonitor: on, podMonitor: on },
      /Monitor\/enabled': value must be false/,
    ],
    [
      'a ServiceMonitor beside a ScrapeConfig',
      { database, serviceMonitor: on, scrapeConfig: on },
      /enabled': value must be false/,
    ],
    [
      'a PodMonitor beside a ScrapeConfig',
      { database, podMonitor: on, scrapeConfig: on },
      /enabled': value must be false/,
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
