import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { clusterConnector } from './cluster-connector.js';
import { StoreKeys } from './keys.js';
import type { ClientOptions, RedisStoreOptions } from './redis-store-options.js';
import { SCRIPTS } from './scripts/index.js';

const RECONNECT_STEP = 50;
const RECONNECT_LIMIT = 1_000;
/** Until a connection that is given up is cut, where its other end does not answer. */
const DISCONNECT_TIMEOUT = 250;

/** Milliseconds until a lost connection is opened again. */
export function reconnectPause(attempt: number): number {
  return Math.min(attempt * RECONNECT_STEP, RECONNECT_LIMIT);
}

/** Where the state is, without user and password. */
export function placeOf({ url, sentinels, cluster }: Pick<RedisStoreOptions, 'url' | 'sentinels' | 'cluster'>): string {
  const { hostname, port, pathname } = new URL(url);
  const database = pathname === '/' ? '' : pathname;
  if (sentinels != null) {
    const asked = sentinels.addresses.map((address) => `${address.host}:${address.port}`).join(', ');
    return `${sentinels.name}${database} (Sentinels ${asked})`;
  }
  return `${hostname}:${port === '' ? '6379' : port}${database}${cluster === true ? ' (cluster)' : ''}`;
}

/**
 * How the client behaves. It never queues a command while it is not connected, and never sends one a second time: steps
 * would bear it (compare-and-set), but whoever asks knows better whether the question still makes sense. A command that
 * is not answered in time fails, and its connection is given up, so that nothing late can follow on it.
 */
export function clientOptions(options: RedisStoreOptions, name: string, timeout: number): ClientOptions {
  const { pathname } = new URL(options.url);
  return {
    ...serverOptions(options, timeout),
    ...credentialsOf(options),
    db: Number(pathname.slice(1) || 0),
    connectionName: `litellm-exporter-${name}`,
    protocol: 2,
    lazyConnect: true,
    connectTimeout: timeout,
    disconnectTimeout: DISCONNECT_TIMEOUT,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: reconnectPause,
    // A server that may not be written to, or no longer owns our keys, is left, so that the right one is looked for.
    reconnectOnError: (error) => /^(READONLY|MOVED|CLUSTERDOWN)\b/.test(error.message),
    scripts: SCRIPTS,
  };
}

/** What a client takes on before it connects again: where the server is, who we are, and what both prove it with. */
export function renewedOptions(options: RedisStoreOptions, timeout: number): ClientOptions {
  const { Connector: _, ...server } = serverOptions(options, timeout);
  return { ...NO_CREDENTIALS, ...server, ...credentialsOf(options) };
}

/** So that what is no longer there is forgotten. */
const NO_CREDENTIALS = {
  username: null,
  password: null,
  sentinelPassword: null,
  tls: undefined,
} as unknown as ClientOptions;

function credentialsOf({ url }: RedisStoreOptions): ClientOptions {
  const { username, password } = new URL(url);
  return {
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
  };
}

function tlsOf({ url, tlsCa, tlsCert, tlsKey }: RedisStoreOptions): ConnectionOptions | null {
  if (!url.startsWith('rediss:')) return null;
  return {
    ...(tlsCa == null ? {} : { ca: tlsCa }),
    ...(tlsCert == null ? {} : { cert: tlsCert }),
    ...(tlsKey == null ? {} : { key: tlsKey }),
  };
}

/** How the server is found, and spoken to: at an address, through Sentinels, or as the owner of our slot in a cluster. */
function serverOptions(options: RedisStoreOptions, timeout: number): ClientOptions {
  const { url, sentinels, cluster, keyPrefix } = options;
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const tls = tlsOf(options);
  if (sentinels != null) {
    return {
      name: sentinels.name,
      sentinels: sentinels.addresses.map((address) => ({ ...address })),
      ...(sentinels.password == null ? {} : { sentinelPassword: sentinels.password }),
      // A Sentinel that is silent must not use up the time in which the next one could have answered.
      sentinelCommandTimeout: timeout / 2,
      ...(tls === null ? {} : { tls, sentinelTLS: tls, enableTLSForSentinelMode: true }),
    };
  }
  return {
    host,
    port: port === '' ? 6379 : Number(port),
    ...(tls === null ? {} : { tls: { ...tls, ...(isIP(host) === 0 ? { servername: host } : {}) } }),
    ...(cluster === true ? { Connector: clusterConnector(new StoreKeys(keyPrefix).meta) } : {}),
  };
}
