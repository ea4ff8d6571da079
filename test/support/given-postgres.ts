import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { PostgresServer } from './postgres-contract.js';

/**
 * A server that is there already, by its superuser's URL. Its test databases and their slots are dropped at the end. Throws where it lacks
 * one of the settings that are required, naming it.
 */
export async function givenPostgres(
  given: string,
  requires: Readonly<Record<string, string>> = {},
): Promise<PostgresServer> {
  const base = new URL(given);
  await requireSettings(given, { wal_level: 'logical', ...requires });
  const rows = await query<{ server_version: string }>(given, 'SHOW server_version');
  const databases: string[] = [];
  const url = (database = 'postgres'): string => {
    const copy = new URL(base);
    copy.pathname = `/${database}`;
    return copy.href;
  };
  const refuse = (): never => {
    throw new Error(
      'a PostgreSQL given by a URL is not stopped or started by tests: ask for settings to get one of your own',
    );
  };
  return {
    host: base.hostname,
    port: Number(base.port || 5432),
    user: decodeURIComponent(base.username),
    password: decodeURIComponent(base.password),
    version: rows[0]?.server_version ?? '',
    dataDirectory: '',
    own: false,
    url,
    createDatabase: async () => {
      const name = `test_${randomBytes(6).toString('hex')}`;
      await query(given, `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'`);
      databases.push(name);
      return name;
    },
    stop: async () => refuse(),
    start: async () => refuse(),
    log: () => '',
    [Symbol.asyncDispose]: async () => {
      for (const name of databases.splice(0)) await dropDatabase(given, name);
    },
  };
}

async function requireSettings(given: string, wanted: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, value] of Object.entries(wanted)) {
    const [row] = await query<{ value: string }>(given, `SELECT current_setting('${name}') AS value`);
    if (row?.value === value) continue;
    throw new Error(`the PostgreSQL given by a URL has ${name} = ${row?.value}: these specs need ${value}`);
  }
}

async function dropDatabase(given: string, name: string): Promise<void> {
  const slots = `FROM pg_replication_slots WHERE database = '${name}'`;
  await query(given, `SELECT pg_terminate_backend(active_pid) ${slots} AND active`);
  await query(given, `SELECT pg_drop_replication_slot(slot_name) ${slots} AND NOT active`).catch(() => {});
  await query(given, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`).catch(() => {});
}

async function query<Row extends pg.QueryResultRow>(url: string, statement: string): Promise<Row[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query<Row>(statement)).rows;
  } finally {
    await client.end();
  }
}
