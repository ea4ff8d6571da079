import type { AggregateSettings, RecordedState } from '@app/aggregates';
import type { Redis, RedisOptions } from 'ioredis';
import type { StoreLog } from '../store-log.js';

/** Options of the client, without the one whose type is at odds with exact optional properties. */
export type ClientOptions = Omit<RedisOptions, 'replyMapping'>;

/** Sentinels that know which server is the master. */
export interface SentinelOptions {
  /** The name under which they watch the master. */
  readonly name: string;
  readonly addresses: readonly { readonly host: string; readonly port: number }[];
  /** Their own password, which is not the servers'. */
  readonly password?: string | null | undefined;
}

/** What the Redis store needs to know. Times are in milliseconds. */
export interface RedisStoreOptions {
  /**
   * `redis://` or `rediss://`, checked by the settings; may hold a password. With Sentinels its host means nothing, in a
   * cluster it is the node that is asked first.
   */
  readonly url: string;
  /** Null or absent: the server is the one of the URL. */
  readonly sentinels?: SentinelOptions | null | undefined;
  /** True for a Redis Cluster. */
  readonly cluster?: boolean | undefined;
  /** All keys begin with `{keyPrefix}`: one hash tag. */
  readonly keyPrefix: string;
  /** Authorities that may sign the server's certificate, PEM; null or absent for the system's. */
  readonly tlsCa?: string | null | undefined;
  /** Our own certificate and its key, PEM, where the server asks for one. */
  readonly tlsCert?: string | null | undefined;
  readonly tlsKey?: string | null | undefined;
  /**
   * Asked before each connection, where given: what has been rotated since. The number in its URL means nothing, as a
   * state does not move. It never throws.
   */
  readonly renew?: (() => RedisLogin) | undefined;
  /** Makes an empty state for the settings of a stored generation. */
  readonly createState: (settings: AggregateSettings) => RecordedState;
  readonly log?: StoreLog | undefined;
  readonly tuning?: Partial<RedisTuning> | undefined;
  /** Makes a client; tests put faults in between here. */
  readonly createClient?: ((options: ClientOptions) => Redis) | undefined;
}

/** What of {@link RedisStoreOptions} may change while the process runs. */
export type RedisLogin = Pick<RedisStoreOptions, 'url' | 'sentinels' | 'tlsCa' | 'tlsCert' | 'tlsKey'>;

/** Figures that only tests and unusual servers change. */
export interface RedisTuning {
  /** Until a command counts as unanswered. */
  readonly commandTimeout: number;
  /** Pause between two folds of the log into the base. */
  readonly foldInterval: number;
  /** Bytes of unfolded log at which a fold begins at once. */
  readonly foldBytes: number;
  /** Bytes of unfolded log at which a commit waits for the fold. */
  readonly foldBytesLimit: number;
  /** Fields that one script call of a fold may write. */
  readonly pieceFields: number;
  /** How long an entry stays in the log for slow readers. */
  readonly keepLog: number;
  /** Bytes of log kept for slow readers at most. */
  readonly keepLogBytes: number;
  /** A record of more bytes than this is staged. */
  readonly stageBytes: number;
  /** A record of more things than this is staged, in slices of as many: what this process does in one go, some 10 ms. */
  readonly sliceItems: number;
  /** How long staged parts live that no step has taken up, in seconds. */
  readonly stageSeconds: number;
  /** Where the server can't say what is on its disk: age at which a checkpoint counts as durable. */
  readonly durableAfter: number;
  /** How long a state that could not be read is not tried again: reading a large one costs Redis and this process seconds. */
  readonly unreadableFor: number;
  /** How long the server may fail to sync its append-only file before that is said. */
  readonly unsyncedAfter: number;
}

/** The figures in use where nothing else is said. */
export const TUNING: RedisTuning = {
  commandTimeout: 2_000,
  foldInterval: 1_000,
  // What is unfolded stands in memory as objects of five times its bytes, and lives long enough for V8 to take it for old.
  foldBytes: 1 << 20,
  foldBytesLimit: 2 << 20,
  // About 1 ms of Redis' time, as each write searches a packed hash.
  pieceFields: 256,
  keepLog: 60_000,
  keepLogBytes: 64 << 20,
  stageBytes: 256 << 10,
  sliceItems: 2_000,
  stageSeconds: 600,
  durableAfter: 1_000,
  unreadableFor: 30_000,
  unsyncedAfter: 10_000,
};
