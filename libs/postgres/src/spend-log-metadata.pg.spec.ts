import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { awaitUntil } from '../../../test/support/await-until.js';
import { givenUpstream } from '../../../test/support/given-upstream.js';
import { type PostgresServer, startPostgres } from '../../../test/support/postgres-server.js';
import { sqlClient } from '../../../test/support/replication-session.js';

const insert = `INSERT INTO "LiteLLM_SpendLogs" (request_id, call_type, "startTime", "endTime", status, metadata)
  VALUES ('late', '', now(), now(), 'failure', '{"error_information":{"error_class":"RateLimitError"}}')`;
const key = { requestId: 'late', startTime: Date.now() };

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres({ flavor: 'debian-15', settings: {} });
}, 60_000);
afterAll(() => server[Symbol.asyncDispose]());

it('a row whose commit is in the WAL, and that nobody sees yet, is found all the same', async () => {
  await using given = await givenUpstream(server, { plugin: 'pgoutput' });
  const session = await given.connect();
  await using writer = await sqlClient(server.url(given.options.database));
  // A standby that never comes holds the commit up between its record and its visibility.
  await given.sql.query(`ALTER SYSTEM SET synchronous_standby_names = 'nobody'`);
  await given.sql.query('SELECT pg_reload_conf()');
  try {
    await awaitUntil(async () => {
      const { rows } = await given.sql.query('SHOW synchronous_standby_names');
      return rows[0].synchronous_standby_names === 'nobody';
    });
    const written = writer.query(insert);
    const waiting = `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND datname = current_database()`;
    await awaitUntil(
      async () => (await given.sql.query(waiting.replace('pg_cancel_backend(pid)', '1'))).rowCount === 1,
    );
    const found = session.metadata([key]);
    const missed = `SELECT 1 FROM pg_stat_activity WHERE query LIKE '%FROM pg_locks%' AND application_name = 'litellm-exporter' AND datname = current_database()`;
    await awaitUntil(async () => (await given.sql.query(missed)).rowCount === 1, { interval: 1 });
    await given.sql.query(waiting);
    expect((await found).get('late')).toEqual({ status: null, errorClass: 'RateLimitError' });
    await written;
  } finally {
    await given.sql.query('ALTER SYSTEM RESET synchronous_standby_names');
    await given.sql.query('SELECT pg_reload_conf()');
  }
}, 30_000);

it('a row that was deleted is not waited for', async () => {
  await using given = await givenUpstream(server, { plugin: 'pgoutput' });
  const session = await given.connect();
  const began = performance.now();
  expect((await session.metadata([key])).size).toBe(0);
  expect(performance.now() - began).toBeLessThan(500);
});
