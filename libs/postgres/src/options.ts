/** How a connection is secured; the words and meanings of libpq (PostgreSQL manual, "SSL Mode Descriptions"). */
export type SslMode = 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';

/** Where PostgreSQL is and who we are there. */
export interface ServerOptions {
  /** A host name, an address, or the directory of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password?: string | undefined;
  readonly sslMode: SslMode;
  /** PEM text, not a path: the composition root has read the files. */
  readonly sslRootCert?: string | undefined;
  readonly sslCert?: string | undefined;
  readonly sslKey?: string | undefined;
  /** Asked before each connection, where given: what has been rotated since. It never throws. */
  readonly renew?: (() => ServerLogin) | undefined;
}

/** What of {@link ServerOptions} may change while the process runs. */
export type ServerLogin = Pick<
  ServerOptions,
  'host' | 'port' | 'user' | 'password' | 'sslMode' | 'sslRootCert' | 'sslCert' | 'sslKey'
>;

/** Which logical decoding plugin is wanted; `auto` is explained in the room's README. */
export type PluginChoice = 'auto' | 'wal2json' | 'pgoutput';

/** Everything this room has to be told. */
export interface PostgresOptions extends ServerOptions {
  /** Schema of LiteLLM's tables. */
  readonly schema: string;
  readonly slot: string;
  readonly plugin: PluginChoice;
  /** Stem of the publications' names; lower case, because the stream's library does not quote it. */
  readonly publication: string;
  /** The slot goes with its connection: nothing is left behind (memory store). */
  readonly temporarySlot: boolean;
  /** Asks for a slot that is synchronised to standbys (PostgreSQL 17+, never with a temporary slot). */
  readonly failover: boolean;
}

/** What somebody else has to end before the work goes on. */
export interface Hindrance {
  /** What is waited for, who they are, and since when they are there. */
  readonly what: string;
  /** What ends the wait. */
  readonly remedy: string;
}

/** Receives what is worth a line in the log while something takes its time. */
export interface Reporter {
  info(message: string): void;
  warn(message: string): void;
  /** What is waited for now, told again while it lasts; null when that is over. */
  waitsFor(hindrance: Hindrance | null): void;
}
