import { afterAll, beforeAll } from '@jest/globals';
import { type PostgresServer, startPostgres } from './postgres-server.js';
import { type RedisServer, startRedis } from './redis-server.js';

/** Servers of one spec file, or of one group in it; to be used in its specs alone. */
export interface GivenServers {
  readonly postgres: PostgresServer;
  readonly redis: RedisServer;
}

/** A PostgreSQL with Debian's wal2json and times of commits, and a Redis: started before the first spec, gone after the last. */
export function givenServers(): GivenServers {
  let postgres: PostgresServer | undefined;
  let redis: RedisServer | undefined;
  beforeAll(async () => {
    postgres = await startPostgres({ flavor: 'debian-15', settings: { track_commit_timestamp: 'on' } });
    redis = await startRedis();
  });
  afterAll(async () => {
    await postgres?.[Symbol.asyncDispose]();
    await redis?.[Symbol.asyncDispose]();
  });
  return {
    get postgres() {
      return started(postgres);
    },
    get redis() {
      return started(redis);
    },
  };
}

function started<T>(server: T | undefined): T {
  if (server === undefined) throw new Error('the servers are there inside of specs only');
  return server;
}
