import { type AggregateSettings, AggregateState } from '@app/aggregates';
import type { ExporterConfig, RedisConfig } from '@app/config';
import type { PostgresOptions, ServerLogin } from '@app/postgres';
import type { RedisLogin, RedisStoreOptions } from '@app/store';
import type { ExporterLogger } from './report/exporter-logger.js';

/** The settings that shape aggregates. */
export function aggregateSettings(config: ExporterConfig): AggregateSettings {
  const { windows, buckets, tagExclude, rowMaxAge, maxSeries } = config;
  return { windows, durationBuckets: buckets.duration, ttftBuckets: buckets.ttft, tagExclude, rowMaxAge, maxSeries };
}

/** Gives the config with secrets and certificates as their files have them now. */
export type ReadAgain = () => ExporterConfig;

/** What the room `postgres` has to be told. With the memory store the slot goes with its connection (W11). */
export function postgresOptions(config: ExporterConfig, read: ReadAgain): PostgresOptions {
  const { database, replication, redis } = config;
  return {
    ...serverLogin(config),
    renew: () => serverLogin(read()),
    database: database.name,
    schema: database.schema,
    slot: replication.slot,
    plugin: replication.plugin,
    publication: replication.publication,
    temporarySlot: redis === null,
    failover: replication.failover,
  };
}

function serverLogin({ database }: ExporterConfig): ServerLogin {
  const { ssl } = database;
  return {
    host: database.host,
    port: database.port,
    user: database.user,
    password: database.password ?? undefined,
    sslMode: ssl.mode,
    sslRootCert: ssl.rootCert?.pem,
    sslCert: ssl.cert?.pem,
    sslKey: ssl.key?.pem,
  };
}

function redisLogin({ url, tlsCa, tlsCert, tlsKey, sentinels }: RedisConfig): RedisLogin {
  return { url, sentinels, tlsCa: tlsCa?.pem, tlsCert: tlsCert?.pem, tlsKey: tlsKey?.pem };
}

/** What the room `store` has to be told; null for the memory of this process. */
export function redisStoreOptions(
  config: ExporterConfig,
  log: ExporterLogger,
  read: ReadAgain,
): RedisStoreOptions | null {
  const { redis } = config;
  if (redis === null) return null;
  return {
    ...redisLogin(redis),
    renew: () => redisLogin(read().redis ?? redis),
    keyPrefix: redis.keyPrefix,
    cluster: redis.cluster,
    createState: (settings) => new AggregateState(settings),
    log: {
      debug: (message) => log.debug(message, 'store'),
      warn: (message) => log.warn(message, 'store'),
    },
  };
}
