import { expect, it } from '@jest/globals';
import pg from 'pg';
import { givenPostgres } from './given-postgres.js';
import { startPostgres } from './postgres-server.js';

async function namesOf(url: string, statement: string): Promise<unknown[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query({ text: statement, rowMode: 'array' })).rows.flat();
  } finally {
    await client.end();
  }
}

it('a server given by a URL is left as it was found, slots included, and is neither stopped nor started', async () => {
  await using owner = await startPostgres({ flavor: 'embedded-18', settings: {} });
  {
    await using given = await givenPostgres(owner.url());
    expect(given).toMatchObject({ own: false, version: owner.version, password: owner.password, port: owner.port });
    const database = await given.createDatabase();
    await namesOf(given.url(database), `SELECT pg_create_logical_replication_slot('left_behind', 'pgoutput')`);
    await expect(given.stop('fast')).rejects.toThrow('not stopped');
  }
  expect(await namesOf(owner.url(), `SELECT datname FROM pg_database WHERE datname LIKE 'test%'`)).toEqual([]);
  expect(await namesOf(owner.url(), 'SELECT slot_name FROM pg_replication_slots')).toEqual([]);
});

it('a server given by a URL that lacks a setting is refused, and the setting is named', async () => {
  await using owner = await startPostgres({ flavor: 'embedded-18', settings: {} });
  await expect(givenPostgres(owner.url(), { track_commit_timestamp: 'on' })).rejects.toThrow(
    'has track_commit_timestamp = off: these specs need on',
  );
});
