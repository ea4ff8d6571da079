import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { type PostgresServer, startPostgres } from '../../../test/support/postgres-server.js';
import { releaseSlot } from './release-slot.js';

let server: PostgresServer;
let sql: pg.Client;
let database: string;

beforeAll(async () => {
  server = await startPostgres({ flavor: 'embedded-18' });
  database = await server.createDatabase();
  sql = new pg.Client(server.url(database));
  await sql.connect();
});

afterAll(async () => {
  await sql?.end();
  await server?.[Symbol.asyncDispose]();
});

const options = () => ({
  host: server.host,
  port: server.port,
  database,
  user: server.user,
  password: server.password,
  sslMode: 'prefer' as const,
});
const slots = async () => (await sql.query('SELECT slot_name FROM pg_replication_slots')).rowCount;

describe('releaseSlot', () => {
  it('drops a slot that nobody holds', async () => {
    await sql.query("SELECT pg_create_logical_replication_slot('left_behind', 'pgoutput')");
    expect(await releaseSlot(options(), 'left_behind', { total: 5_000 })).toBe('dropped');
    expect(await slots()).toBe(0);
  });

  it('is content where there is none', async () => {
    expect(await releaseSlot(options(), 'never_made', { total: 5_000 })).toBe('absent');
  });

  it('ends the consumer that still holds the slot', async () => {
    await sql.query("SELECT pg_create_logical_replication_slot('in_use', 'pgoutput')");
    await sql.query('CREATE PUBLICATION everything FOR ALL TABLES');
    const holder = new pg.Client({ ...options(), replication: 'database' } as pg.ClientConfig);
    holder.on('error', () => {});
    await holder.connect();
    const stream = holder
      .query(
        "START_REPLICATION SLOT in_use LOGICAL 0/0 (proto_version '1', publication_names 'everything', messages 'false')",
      )
      .catch(() => 'ended');
    expect(await releaseSlot(options(), 'in_use', { total: 10_000 })).toBe('dropped');
    expect(await slots()).toBe(0);
    await stream;
  });

  it('says so where the server does not answer', async () => {
    const closed = { ...options(), port: 1 };
    await expect(releaseSlot(closed, 'any', { total: 2_000 })).rejects.toMatchObject({ kind: 'connection-refused' });
  });
});
