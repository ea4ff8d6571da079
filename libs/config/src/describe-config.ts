import type { ExporterConfig, PemFile, RedisConfig } from './config.js';
import { formatDuration } from './forms.js';

/** Stands in the place of a secret that is set. */
export const REDACTED = '***';

/** A part of a described config: what JSON can say. */
export type Described =
  | string
  | number
  | boolean
  | null
  | readonly Described[]
  | { readonly [part: string]: Described };

/** The effective config for people, as plain data: secrets are `***`, lengths of time are texts, PEM files are paths. */
export function describeConfig(config: ExporterConfig): { readonly [part: string]: Described } {
  const { database, replication, redis, http, windows, buckets, log } = config;
  return {
    database: {
      ...database,
      password: database.password === null ? null : REDACTED,
      ssl: {
        mode: database.ssl.mode,
        rootCert: pathOf(database.ssl.rootCert),
        cert: pathOf(database.ssl.cert),
        key: pathOf(database.ssl.key),
      },
    },
    replication: { ...replication },
    redis: redis === null ? null : describeRedis(redis),
    http: { ...http },
    windows: {
      spend: formatDuration(windows.spend),
      request: formatDuration(windows.request),
      error: formatDuration(windows.error),
    },
    buckets: { duration: [...buckets.duration], ttft: [...buckets.ttft] },
    tagExclude: config.tagExclude?.source ?? null,
    rowMaxAge: formatDuration(config.rowMaxAge),
    disabledFamilies: [...config.disabledFamilies],
    maxSeries: config.maxSeries,
    updateInterval: `${config.updateInterval / 1_000}s`,
    stateMaxStaleness: formatDuration(config.stateMaxStaleness),
    log: { ...log },
    warnings: [...config.warnings],
  };
}

function pathOf(file: PemFile | null): string | null {
  return file === null ? null : file.path;
}

function describeRedis({ url, keyPrefix, tlsCa, tlsCert, tlsKey, sentinels, cluster }: RedisConfig): Described {
  return {
    ...describeRedisUrl(url),
    keyPrefix,
    tlsCa: pathOf(tlsCa),
    tlsCert: pathOf(tlsCert),
    tlsKey: pathOf(tlsKey),
    sentinels:
      sentinels === null
        ? null
        : {
            name: sentinels.name,
            addresses: sentinels.addresses.map(({ host, port }) => `${host}:${port}`),
            password: sentinels.password === null ? null : REDACTED,
          },
    cluster,
  };
}

/** Says where Redis is without who logs in there: the user's name is left out too. */
function describeRedisUrl(text: string): { readonly url: string } {
  const url = new URL(text);
  const credentials = url.username === '' && url.password === '' ? '' : `${REDACTED}@`;
  return { url: `${url.protocol}//${credentials}${url.host}${url.pathname}` };
}
