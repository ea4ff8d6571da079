import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { awaitUntil } from '../../../test/support/await-until.js';
import { type GivenUpstream, givenUpstream } from '../../../test/support/given-upstream.js';
import { insertSpendLogs } from '../../../test/support/litellm-tables.js';
import { type PostgresServer, startPostgres } from '../../../test/support/postgres-server.js';
import { sqlClient } from '../../../test/support/replication-session.js';
import { SeedRecorder } from '../../../test/support/seed-recorder.js';
import { flavor } from '../../../test/support/tested-server.js';

const [HOUR, DAY] = [3_600_000, 86_400_000];
const now = Date.now();
const request = { since: now - 30 * DAY, signal: new AbortController().signal };

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres({ flavor });
}, 60_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const another = (given: GivenUpstream) => sqlClient(server.url(given.options.database));

describe(`a seed of ${flavor} leaves LiteLLM alone (W11)`, () => {
  it('lets DROP INDEX through within 5 s, though its reader is slow, and reads the slice again in smaller ones', async () => {
    await using given = await givenUpstream(server);
    await using migration = await another(given);
    await insertSpendLogs(given.sql, { rows: 60_000, from: now - HOUR, step: 10 });
    const recorder = new SeedRecorder();
    let rows = 0;
    recorder.onRow = () => {
      if (++rows % 500 > 0) return;
      const until = performance.now() + 150;
      while (performance.now() < until);
    };
    const session = await given.connect();
    let seeding = true;
    const done = session.seed(request, recorder).finally(() => {
      seeding = false;
    });
    let longest = 0;
    while (seeding) {
      const began = performance.now();
      await migration
        .query('BEGIN; DROP INDEX "LiteLLM_SpendLogs_end_user_idx"; ROLLBACK')
        .catch(() => migration.query('ROLLBACK'));
      longest = Math.max(longest, performance.now() - began);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await done;
    expect(longest).toBeLessThan(5_000);
    expect(recorder.lost).toBeGreaterThan(0);
    expect(recorder.spendFacts).toHaveLength(60_000);
    expect(given.reported).toContain('a slice of the seed took too long and is read again in smaller ones');
  }, 90_000);

  it('goes on with the same snapshot after its connection was ended', async () => {
    await using given = await givenUpstream(server);
    await insertSpendLogs(given.sql, { rows: 30_000, from: now - 20 * DAY, step: 50_000 });
    const recorder = new SeedRecorder();
    let ended: Promise<unknown> | null = null;
    recorder.onRow = () => {
      ended ??= given.sql.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = $1 AND application_name = 'litellm-exporter' AND backend_type = 'client backend'
          ORDER BY backend_start DESC LIMIT 1`,
        [given.options.database],
      );
    };
    const session = await given.connect();
    await session.seed(request, recorder);
    await ended;
    expect(recorder.spendFacts).toHaveLength(30_000);
    expect(recorder.lost).toBeGreaterThan(0);
  });

  it('ends with seed-interrupted, and takes its slot along, when it is called off, the table is exchanged, or the session closes', async () => {
    await using given = await givenUpstream(server);
    await insertSpendLogs(given.sql, { rows: 30_000, from: now - 20 * DAY, step: 50_000 });
    const session = await given.connect();
    const calledOff = new AbortController();
    const recorder = new SeedRecorder();
    recorder.onRow = () => calledOff.abort();
    await expect(session.seed({ ...request, signal: calledOff.signal }, recorder)).rejects.toMatchObject({
      kind: 'seed-interrupted',
    });
    expect(await session.slot()).toBeNull();
    const throwing = new SeedRecorder();
    const own = new Error('the receiver’s own');
    throwing.onRow = () => {
      throw own;
    };
    await expect(session.seed(request, throwing)).rejects.toBe(own);
    expect(await session.slot()).toBeNull();
    const closing = new SeedRecorder();
    let closed: Promise<void> | null = null;
    closing.onRow = () => {
      closed ??= session.close();
    };
    await expect(session.seed(request, closing)).rejects.toMatchObject({ kind: 'seed-interrupted' });
    await closed;
  });

  it('waits for a lock that is in its way, and never stands in the way of others meanwhile', async () => {
    await using given = await givenUpstream(server);
    await using migration = await another(given);
    await insertSpendLogs(given.sql, { rows: 10, from: now - DAY, step: 1_000 });
    await given.sql.query(
      `INSERT INTO "LiteLLM_EndUserTable" (user_id) SELECT 'u' || i FROM generate_series(1, 40000) i`,
    );
    const session = await given.connect();
    await migration.query('BEGIN');
    const recorder = new SeedRecorder();
    let locked: Promise<unknown> | null = null;
    recorder.onEntities = () => {
      // Not earlier: this lock takes a transaction id, and the slot would wait for its end.
      locked ??= migration.query('LOCK TABLE "LiteLLM_SpendLogs" IN ACCESS EXCLUSIVE MODE');
    };
    const seeding = session.seed(request, recorder);
    await awaitUntil(() => given.reported.some((line) => line.includes('waits for a lock')));
    await locked;
    await migration.query('COMMIT');
    await seeding;
    expect(recorder.spendFacts).toHaveLength(10);
  });

  it('does not mix two tables of one name', async () => {
    await using given = await givenUpstream(server);
    await insertSpendLogs(given.sql, { rows: 3_000, from: now - 20 * DAY, step: 500_000 });
    const session = await given.connect();
    const recorder = new SeedRecorder();
    await given.sql.query(
      `ALTER TABLE "LiteLLM_SpendLogs" RENAME TO "LiteLLM_SpendLogs_legacy";
       CREATE TABLE "LiteLLM_SpendLogs" (LIKE "LiteLLM_SpendLogs_legacy" INCLUDING ALL)`,
    );
    await expect(session.seed(request, recorder)).rejects.toMatchObject({
      kind: 'seed-interrupted',
      message: expect.stringContaining('another table bears the name'),
    });
    expect(recorder.spendFacts).toHaveLength(0);
  });
});
