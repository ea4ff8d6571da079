import type { Upstream, UpstreamSession } from '@app/litellm';
import { type Hindrance, type PostgresOptions, PostgresUpstream } from '@app/postgres';
import type pg from 'pg';
import { createLitellmTables, type LitellmShape } from './litellm-tables.js';
import type { PostgresServer } from './postgres-contract.js';
import { sqlClient } from './replication-session.js';

/** A database of LiteLLM, and the way to it that is under test. */
export interface GivenUpstream extends AsyncDisposable {
  /** A superuser's session. */
  readonly sql: pg.Client;
  readonly options: PostgresOptions;
  /** What was reported while connecting and seeding. */
  readonly reported: string[];
  /** What making the slot waited for, and null where that was over. */
  readonly hindrances: readonly (Hindrance | null)[];
  upstream(changes?: Partial<PostgresOptions>): Upstream;
  /** A session that is closed at the end. */
  connect(changes?: Partial<PostgresOptions>): Promise<UpstreamSession>;
}

/** Creates a database, LiteLLM's tables in it unless `shape` is null, and options that reach it as a superuser. */
export async function givenUpstream(
  server: PostgresServer,
  changes: Partial<PostgresOptions> = {},
  shape: LitellmShape | null = {},
): Promise<GivenUpstream> {
  const database = await server.createDatabase();
  const sql = await sqlClient(server.url(database));
  if (shape !== null) await createLitellmTables(sql, shape);
  const options: PostgresOptions = {
    host: server.host,
    port: server.port,
    database,
    user: server.user,
    password: server.password,
    sslMode: 'prefer',
    schema: shape?.schema ?? 'public',
    slot: `exporter_${database}`,
    plugin: 'auto',
    publication: 'litellm_exporter',
    temporarySlot: false,
    failover: false,
    ...changes,
  };
  const sessions: UpstreamSession[] = [];
  const reported: string[] = [];
  const hindrances: (Hindrance | null)[] = [];
  const reporter = {
    // The line by which each session introduces itself is not what specs wait for.
    info: (line: string) => void (line.startsWith('connected to ') || reported.push(line)),
    warn: (line: string) => void reported.push(line),
    waitsFor: (hindrance: Hindrance | null) => void hindrances.push(hindrance),
  };
  const upstream = (more: Partial<PostgresOptions> = {}) => new PostgresUpstream({ ...options, ...more }, reporter);
  const connect = async (more: Partial<PostgresOptions> = {}) => {
    const session = await upstream(more).connect(new AbortController().signal);
    sessions.push(session);
    return session;
  };
  const dispose = async () => {
    await Promise.all(sessions.map((session) => session.close()));
    const drop = `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = $1 AND NOT active`;
    await sql.query(drop, [database]).catch(() => undefined);
    await sql.end().catch(() => undefined);
  };
  return { sql, options, reported, hindrances, upstream, connect, [Symbol.asyncDispose]: dispose };
}
