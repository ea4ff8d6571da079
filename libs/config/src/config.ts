import type { SSL_MODES } from './database-settings.js';

/** A PEM file, read at start. */
export interface PemFile {
  readonly path: string;
  readonly pem: string;
}

/** How the way to PostgreSQL is secured, in libpq's words. */
export type SslMode = (typeof SSL_MODES)[number];

/** TLS to PostgreSQL. As in libpq, `require` together with a root certificate means `verify-ca`. */
export interface SslConfig {
  readonly mode: SslMode;
  /** Null: the authorities that Node.js knows. */
  readonly rootCert: PemFile | null;
  /** Null together with {@link key}. */
  readonly cert: PemFile | null;
  readonly key: PemFile | null;
}

/** Where LiteLLM's database is. */
export interface DatabaseConfig {
  /** Host name, IP address, or the directory of a Unix socket (begins with `/`). */
  readonly host: string;
  readonly port: number;
  readonly name: string;
  readonly user: string;
  /** Secret. */
  readonly password: string | null;
  readonly schema: string;
  readonly ssl: SslConfig;
  readonly poolMin: number;
  readonly poolMax: number;
}

/** How rows come out of PostgreSQL. */
export interface ReplicationConfig {
  readonly plugin: 'auto' | 'wal2json' | 'pgoutput';
  readonly slot: string;
  readonly publication: string;
  /** 0: off. */
  readonly maxRetainedBytes: number;
  readonly failover: boolean;
}

/** Where a Redis Sentinel listens. */
export interface SentinelAddress {
  readonly host: string;
  readonly port: number;
}

/** The Sentinels that know which Redis is the master. */
export interface SentinelConfig {
  /** Name of the master. */
  readonly name: string;
  readonly addresses: readonly SentinelAddress[];
  /** Secret: what the Sentinels themselves ask for. */
  readonly password: string | null;
}

/** A Redis that keeps the state. */
export interface RedisConfig {
  /**
   * Secret, as it may hold a password: `redis://` or `rediss://`, checked. With {@link sentinels} its host means
   * nothing.
   */
  readonly url: string;
  /** What all keys begin with; without braces, so that a hash tag can be put around it. */
  readonly keyPrefix: string;
  readonly tlsCa: PemFile | null;
  /** Null together with {@link tlsKey}. */
  readonly tlsCert: PemFile | null;
  readonly tlsKey: PemFile | null;
  /** Null: the Redis at {@link url}. */
  readonly sentinels: SentinelConfig | null;
  /** True: {@link url} is a node of a Redis Cluster. */
  readonly cluster: boolean;
}

/** Where the metrics are served. */
export interface HttpConfig {
  /** Null: all addresses. */
  readonly host: string | null;
  readonly port: number;
  readonly path: string;
  readonly telemetryPort: number | null;
  /** A file in the exporter toolkit's format; null: plain HTTP for everybody. */
  readonly webConfigFile: string | null;
}

/** Lengths of the windows S, R and E in milliseconds. */
export interface WindowConfig {
  readonly spend: number;
  readonly request: number;
  readonly error: number;
}

/** Upper bounds of histogram buckets in seconds, ascending, without +Inf. */
export interface BucketConfig {
  readonly duration: readonly number[];
  readonly ttft: readonly number[];
}

/** The least severe messages that are written. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Everything that can be set, checked and frozen. */
export interface ExporterConfig {
  readonly database: DatabaseConfig;
  readonly replication: ReplicationConfig;
  /** Null: the state is in memory. */
  readonly redis: RedisConfig | null;
  readonly http: HttpConfig;
  readonly windows: WindowConfig;
  readonly buckets: BucketConfig;
  /** Tags that match are left out; null keeps all. */
  readonly tagExclude: RegExp | null;
  /** A row whose endTime lies further behind its commit is history, in milliseconds. */
  readonly rowMaxAge: number;
  /** Names of families, with `*` for any run of characters. */
  readonly disabledFamilies: readonly string[];
  /** Label sets a family may have; 0 = no limit. */
  readonly maxSeries: number;
  /** Milliseconds between two looks at the slot. */
  readonly updateInterval: number;
  /** Milliseconds a last state may be served while the store can't be read; 0: never. */
  readonly stateMaxStaleness: number;
  readonly log: { readonly level: LogLevel; readonly format: 'text' | 'json' };
  /** Things worth a line in the log at start, like variables that Kubernetes injected. They hold no secrets. */
  readonly warnings: readonly string[];
}

/** The exit code of a program whose settings are wrong. */
export const CONFIG_INVALID_EXIT_CODE = 2;

/** The environment can't be used; the process ends with {@link CONFIG_INVALID_EXIT_CODE}. */
export class ConfigInvalid extends Error {
  /** One line for each problem: the variable, what was given (never a secret), and what is accepted. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      `the settings can't be used:\n${problems.map((problem) => `  ${problem}`).join('\n')}\nENV_VARS.md has every setting with what is accepted`,
    );
    this.name = 'ConfigInvalid';
    this.problems = problems;
  }
}
