import { type AggregateSettings, AggregateState } from '@app/aggregates';
import type { ExporterConfig } from '@app/config';
import type { PostgresOptions } from '@app/postgres';
import type { RedisStoreOptions } from '@app/store';
import type { ExporterLogger } from './report/exporter-logger.js';

/** The settings that shape aggregates. */
export function aggregateSettings(config: ExporterConfig): AggregateSettings {
  const { windows, buckets, tagExclude, rowMaxAge, maxSeries } = config;
  return { windows, durationBuckets: buckets.duration, ttftBuckets: buckets.ttft, tagExclude, rowMaxAge, maxSeries };
}

/** What the room `postgres` has to be told. With the memory store the slot goes with its connection (W11). */
export function postgresOptions({ database, replication, redis }: ExporterConfig): PostgresOptions {
  const { ssl } = database;
  return {
    host: database.host,
    port: database.port,
    database: database.name,
    user: database.user,
    password: database.password ?? undefined,
    sslMode: ssl.mode,
    sslRootCert: ssl.rootCert?.pem,
    sslCert: ssl.cert?.pem,
    sslKey: ssl.key?.pem,
    schema: database.schema,
    slot: replication.slot,
    plugin: replication.plugin,
    publication: replication.publication,
    temporarySlot: redis === null,
    failover: replication.failover,
  };
}

/** What the room `store` has to be told; null for the memory of this process. */
export function redisStoreOptions(config: ExporterConfig, log: ExporterLogger): RedisStoreOptions | null {
  const { redis } = config;
  if (redis === null) return null;
  return {
    url: redis.url,
    keyPrefix: redis.keyPrefix,
    tlsCa: redis.tlsCa?.pem,
    sentinels: redis.sentinels,
    cluster: redis.cluster,
    createState: (settings) => new AggregateState(settings),
    log: {
      debug: (message) => log.debug(message, 'store'),
      warn: (message) => log.warn(message, 'store'),
    },
  };
}
