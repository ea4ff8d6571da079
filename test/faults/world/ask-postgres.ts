import pg from 'pg';
import type { PostgresServer } from '../../support/postgres-server.js';

/** Runs statements, one after another, on a connection of its own to the server's database `postgres`. */
export async function askPostgres(server: PostgresServer, ...statements: readonly string[]): Promise<void> {
  const client = new pg.Client(server.url());
  client.on('error', () => {});
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
