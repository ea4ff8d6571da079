import type { PostgresFlavor } from '../../support/postgres-server.js';
import type { RedisFlavor } from '../../support/redis-server.js';
import type { Failpoint } from '../failpoints/failpoint.js';

/** What a scenario needs to be there before its fault. Everything has a default. */
export interface Needs {
  /** `debian-15`. */
  readonly flavor?: PostgresFlavor;
  /** wal2json on `debian-15`, pgoutput on `embedded-18`. */
  readonly plugin?: 'wal2json' | 'pgoutput';
  /** Settings of PostgreSQL. */
  readonly postgres?: Readonly<Record<string, string>>;
  /** A second PostgreSQL that follows the first one, with these settings. */
  readonly standby?: Readonly<Record<string, string>>;
  /** `redis`: the machine's own, whatever its version; `valkey`: one that knows WAITAOF. */
  readonly redisFlavor?: RedisFlavor;
  /** Settings of Redis. */
  readonly redis?: Readonly<Record<string, string>>;
  /** A second Redis that follows the first one; false. */
  readonly redisReplica?: boolean;
  /** Exporters over one state; 1. */
  readonly replicas?: number;
  /** Settings of every exporter, beside database and Redis. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where the first exporter fails in its first run. */
  readonly failpoint?: Failpoint;
  /** Rows a second of the traffic; 100. */
  readonly rate?: number;
  /** False where the scenario itself starts exporters and traffic; true. */
  readonly started?: boolean;
}
