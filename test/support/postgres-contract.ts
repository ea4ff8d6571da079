import type { PostgresFlavor } from '../../scripts/servers/postgres-binaries.mjs';

/** How a server stops: `smart` waits for its clients, `fast` ends them, `immediate` crashes. */
export type StopMode = 'fast' | 'immediate' | 'smart';

/** A PostgreSQL for specs: logical WAL, many slots and senders, a time zone that nobody lives in by accident, password scram. */
export interface PostgresServer {
  readonly host: string;
  readonly port: number;
  /** A superuser. */
  readonly user: string;
  readonly password: string;
  /** As `SHOW server_version` says, like `15.20 (Debian …)`. */
  readonly version: string;
  /** Empty for a server that was given by a URL. */
  readonly dataDirectory: string;
  /** False for a server that was given by a URL: it can't be stopped or started. */
  readonly own: boolean;
  /** A connection URL; database `postgres` without one. */
  url(database?: string): string;
  /** Creates an empty database and resolves with its name, which no other test has. */
  createDatabase(): Promise<string>;
  /** Stops the server and resolves with the milliseconds until its last process was gone. */
  stop(mode: StopMode): Promise<number>;
  /** Starts it again on the same port and data, and resolves when it accepts connections. */
  start(): Promise<void>;
  /** What the server wrote into its log so far. */
  log(): string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Which server, and settings that differ from the ones above. */
export interface PostgresOptions {
  readonly flavor: PostgresFlavor;
  readonly settings?: Readonly<Record<string, string>>;
  /** Settings that the specs rely on and leave alone: a server that is given by a URL will do if it has them. */
  readonly requires?: Readonly<Record<string, string>>;
  /** Begins with a copy of the data of a server that is stopped, in place of an empty cluster. */
  readonly from?: DataCopy;
}

/** A copy of the data directory of a server that is stopped, and whether it is to follow another server with it. */
export interface DataCopy {
  readonly dataDirectory: string;
  /** With `primary_conninfo` among the settings. */
  readonly standby?: boolean;
}
