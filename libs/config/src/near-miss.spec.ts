import { describe, expect, it } from '@jest/globals';
import { editDistance, nearMissOf } from './near-miss.js';

const nothingSet = () => false;

describe('editDistance', () => {
  it.each([
    ['', '', 0],
    ['', 'abc', 3],
    ['PROT', 'PORT', 1],
    ['kitten', 'sitting', 3],
    ['ab', 'ba', 1],
    ['PASS', 'PASSWORD', 4],
  ])('from %j to %j is %i', (from, to, distance) => {
    expect(editDistance(from, to)).toBe(distance);
  });
});

describe('nearMissOf', () => {
  it.each([
    ['METRICS_PROT', 'METRICS_PORT'],
    ['METRIC_PORT', 'METRICS_PORT'],
    ['METRICS_INTERVAL', 'METRICS_UPDATE_INTERVAL'],
    ['METRICS_SPEND_WINDOWS', 'METRICS_SPEND_WINDOW'],
    ['metrics_port', 'METRICS_PORT'],
    ['LITELLM_DB_PASS', 'LITELLM_DB_PASSWORD'],
    ['LITELLM_DB_USERNAME', 'LITELLM_DB_USER'],
    ['LITELLM_DB_SSL_MODE', 'LITELLM_DB_SSLMODE'],
    ['LITELLM_DB_URL', 'DATABASE_URL'],
    ['LITELLM_DB_PASSWORD_FIL', 'LITELLM_DB_PASSWORD_FILE'],
    ['DB_MAX_CONNECTION', 'DB_MAX_CONNECTIONS'],
    ['DATABASE_URI', 'DATABASE_URL'],
    ['REPLICATION_SLOT_NAME', 'REPLICATION_SLOT'],
    ['REPLICATION_MODE', null],
    ['REPLICATION_SLOTS', 'REPLICATION_SLOT'],
    ['REDIS_KEY_PREFX', 'REDIS_KEY_PREFIX'],
    ['LOG_LEVL', 'LOG_LEVEL'],
    ['LITELLM_DB_ANYTHING', 'LITELLM_DB_HOST'],
    ['METRICS_UPDATE_INTER', 'METRICS_UPDATE_INTERVAL'],
    ['LOG_LEV', null],
    ['DB_MAX_CONNECTI', null],
    ['DB_MAXCONN', null],
    ['LITELLM_EXPORTER_PORT', null],
  ])('%s was meant to be %s', (name, meant) => {
    expect(nearMissOf(name, nothingSet)?.meant ?? null).toBe(meant);
  });

  it.each([
    'PATH',
    'HOME',
    'NODE_ENV',
    'PORT',
    'LITELLM_MASTER_KEY',
    'LITELLM_LOG',
    'LITELLM_MODE',
    'DATABASE_HOST',
    'DATABASE_USER',
    'DATABASE_SCHEMA',
    'REDIS_HOST',
    'REDIS_PORT',
    'REDIS_PASSWORD',
    'REDIS_SSL',
    'REDIS_CLUSTER_NODES',
    'PGHOST',
    'PGPASSWORD',
    'METRICS_ENABLED',
    'METRICS_TOKEN',
    'METRIC_NAMESPACE',
    'LOGLEVEL',
    'npm_config_loglevel',
  ])("%s is another program's", (name) => {
    expect(nearMissOf(name, nothingSet)).toBeNull();
  });

  it('leaves a similar name of a shared kind alone where the right one is set beside it', () => {
    expect(nearMissOf('DATABASE_URLS', (name) => name === 'DATABASE_URL')).toBeNull();
    expect(nearMissOf('METRICS_PROT', (name) => name === 'METRICS_PORT')?.meant).toBe('METRICS_PORT');
    expect(nearMissOf('METRIC_PORT', (name) => name === 'METRICS_PORT')?.meant).toBe('METRICS_PORT');
  });
});
