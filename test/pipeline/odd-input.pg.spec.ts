import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { awaitUntil } from '../support/await-until.js';
import { counted } from '../support/given-pipeline.js';
import { insertSpendLogs } from '../support/litellm-tables.js';
import { type PostgresFlavor, type PostgresServer, startPostgres } from '../support/postgres-server.js';
import { realPipeline } from '../support/real-pipeline.js';

jest.setTimeout(120_000);

const PATIENCE = { timeout: 60_000 };
const now = Date.now();
/** The start of today: rows between it and now lie in one partition. */
const today = Date.UTC(new Date(now).getUTCFullYear(), new Date(now).getUTCMonth(), new Date(now).getUTCDate());

const servers = new Map<PostgresFlavor, PostgresServer>();
beforeAll(async () => {
  for (const flavor of ['debian-15', 'embedded-18'] as const) servers.set(flavor, await startPostgres({ flavor }));
});
afterAll(async () => {
  for (const server of servers.values()) await server[Symbol.asyncDispose]();
});

describe.each([
  ['debian-15', 'wal2json'],
  ['debian-15', 'pgoutput'],
  ['embedded-18', 'pgoutput'],
] as const)('what a real server may send (%s, %s)', (flavor, plugin) => {
  const pipelineOn = (shape = {}) => realPipeline(servers.get(flavor) as PostgresServer, { plugin }, shape);

  it('W10: integers beyond 2^53 become the nearest double, in the seed and in the stream, and nothing ends', async () => {
    await using pipeline = await pipelineOn();
    const { sql } = pipeline;
    const limited = (id: string) =>
      sql.query(`INSERT INTO "LiteLLM_TeamTable" (team_id, tpm_limit, rpm_limit) VALUES ($1, 9007199254740993, $2)`, [
        id,
        '9223372036854775807',
      ]);
    await limited('first');
    await pipeline.streaming();
    await limited('second');
    await awaitUntil(() => pipeline.team('second') !== undefined, PATIENCE);
    for (const id of ['first', 'second']) {
      expect(pipeline.team(id)).toMatchObject({ tpmLimit: 2 ** 53, rpmLimit: 2 ** 63 });
    }
    expect([...pipeline.state.counters('rows_rejected')]).toEqual([]);
    expect(pipeline.told.of('reconnect')).toEqual([]);
  });

  it('W8: TRUNCATE takes entities with it, and of the spend logs nothing that was counted', async () => {
    await using pipeline = await pipelineOn();
    const { sql } = pipeline;
    await pipeline.streaming();
    await sql.query(`INSERT INTO "LiteLLM_TeamTable" (team_id) VALUES ('a'), ('b')`);
    await insertSpendLogs(sql, { rows: 7, from: now - 60_000, step: 1 });
    await awaitUntil(() => pipeline.requests() === 7 && pipeline.team('b') !== undefined, PATIENCE);
    await sql.query('TRUNCATE "LiteLLM_SpendLogs"');
    await sql.query('TRUNCATE "LiteLLM_TeamTable" CASCADE');
    await sql.query(`INSERT INTO "LiteLLM_TeamTable" (team_id) VALUES ('c')`);
    await insertSpendLogs(sql, { rows: 2, from: now - 30_000, step: 1, prefix: 'after' });
    await awaitUntil(() => pipeline.requests() === 9 && pipeline.team('c') !== undefined, PATIENCE);
    expect([pipeline.team('a'), pipeline.team('b')]).toEqual([undefined, undefined]);
    expect(pipeline.told.of('reconnect')).toEqual([]);
  });

  it('W5: a partition attached is followed, one detached takes nothing back, and neither ends the stream', async () => {
    await using pipeline = await pipelineOn({ partitioned: true });
    const { sql } = pipeline;
    await pipeline.streaming();
    await insertSpendLogs(sql, { rows: 3, from: Math.max(today, now - 1_000), step: 1 });
    await awaitUntil(() => pipeline.requests() === 3, PATIENCE);
    const { rows } = await sql.query(
      `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = '"LiteLLM_SpendLogs"'::regclass
          AND EXISTS (SELECT 1 FROM "LiteLLM_SpendLogs" WHERE tableoid = inhrelid)`,
    );
    const partition = String(rows[0].name);
    await sql.query(`ALTER TABLE "LiteLLM_SpendLogs" DETACH PARTITION ${partition}`);
    await sql.query(
      `CREATE TABLE "LiteLLM_SpendLogs_attached" (LIKE "LiteLLM_SpendLogs" INCLUDING ALL);
       ALTER TABLE "LiteLLM_SpendLogs" ATTACH PARTITION "LiteLLM_SpendLogs_attached"
         FOR VALUES FROM ('${new Date(today).toISOString()}') TO ('${new Date(today + 86_400_000).toISOString()}')`,
    );
    await insertSpendLogs(sql, { rows: 4, from: Math.max(today, now - 1_000), step: 1, prefix: 'attached' });
    await awaitUntil(() => pipeline.requests() === 7, PATIENCE);
    expect((await sql.query('SELECT count(*)::int AS n FROM "LiteLLM_SpendLogs_attached"')).rows[0].n).toBe(4);
    expect(pipeline.told.of('reconnect')).toEqual([]);
  });

  it('W5: partitions undone, a plain table under the name again: a new seed, and nothing that both hold counted twice', async () => {
    await using pipeline = await pipelineOn({ partitioned: true });
    const { sql } = pipeline;
    await pipeline.streaming();
    await insertSpendLogs(sql, { rows: 5, from: now - 1_000, step: 1 });
    await awaitUntil(() => pipeline.requests() === 5, PATIENCE);
    await sql.query(
      `BEGIN;
       ALTER TABLE "LiteLLM_SpendLogs" RENAME TO "LiteLLM_SpendLogs_legacy";
       CREATE TABLE "LiteLLM_SpendLogs" (LIKE "LiteLLM_SpendLogs_legacy" INCLUDING ALL);
       INSERT INTO "LiteLLM_SpendLogs" SELECT * FROM "LiteLLM_SpendLogs_legacy";
       COMMIT`,
    );
    await awaitUntil(() => pipeline.seeds('other_spend_logs') === 1, PATIENCE);
    await pipeline.streaming();
    await insertSpendLogs(sql, { rows: 2, from: now, step: 1, prefix: 'plain' });
    await awaitUntil(() => pipeline.requests() >= 7, PATIENCE);
    expect(pipeline.requests()).toBe(7);
  });

  it('W9: a row with 50 MB of messages is counted like any other, and so is what stands around it', async () => {
    await using pipeline = await pipelineOn();
    const { sql } = pipeline;
    await pipeline.streaming();
    await insertSpendLogs(sql, { rows: 1, from: now - 2_000, step: 1, prefix: 'before' });
    await sql.query('ALTER TABLE "LiteLLM_SpendLogs" ALTER messages SET STORAGE EXTERNAL');
    await sql.query(
      `INSERT INTO "LiteLLM_SpendLogs" (request_id, call_type, "startTime", "endTime", model, spend, status, metadata, messages)
       VALUES ('huge', '', now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC', 'huge', 4, 'success', '{}',
               to_jsonb(repeat('0123456789', 5000000)))`,
    );
    await insertSpendLogs(sql, { rows: 1, from: now - 1_000, step: 1, prefix: 'after' });
    await awaitUntil(() => pipeline.requests() === 3, PATIENCE);
    expect(counted(pipeline.state, 'spend_usd', 'huge')).toBe(4);
    expect([...pipeline.state.counters('rows_rejected')]).toEqual([]);
    expect(pipeline.told.of('reconnect')).toEqual([]);
  });
});
