import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type pg from 'pg';
import { awaitUntil } from '../support/await-until.js';
import { read } from '../support/given-pipeline.js';
import { givenUpstream } from '../support/given-upstream.js';
import { insertSpendLogs } from '../support/litellm-tables.js';
import { type PostgresFlavor, type PostgresServer, startPostgres } from '../support/postgres-server.js';
import { realPipeline, runPipeline } from '../support/real-pipeline.js';
import { SeedRecorder } from '../support/seed-recorder.js';

jest.setTimeout(120_000);

const PATIENCE = { timeout: 30_000 };

/** What a LiteLLM upgrade does to tables of early 2025, as its migrations write it. */
const UPGRADE = [
  'ALTER TABLE "LiteLLM_SpendLogs" ADD COLUMN status text',
  'ALTER TABLE "LiteLLM_SpendLogs" ADD COLUMN organization_id text',
  'ALTER TABLE "LiteLLM_SpendLogs" ADD COLUMN request_duration_ms integer',
  'ALTER TABLE "LiteLLM_TeamTable" ADD COLUMN soft_budget double precision DEFAULT 7',
  `CREATE TABLE "LiteLLM_TagTable" (tag_name text PRIMARY KEY, description text, models text[] DEFAULT '{}',
     spend double precision NOT NULL DEFAULT 0, budget_id text)`,
];

const rows = (sql: pg.Client, count: number, prefix: string) =>
  insertSpendLogs(sql, { rows: count, from: Date.now() - 60_000, step: 1, prefix });
const budget = (sql: pg.Client) =>
  sql.query(`INSERT INTO "LiteLLM_BudgetTable" (budget_id, created_by, updated_by) VALUES ('b', '', '')`);
const team = (sql: pg.Client, id: string) => sql.query(`INSERT INTO "LiteLLM_TeamTable" (team_id) VALUES ($1)`, [id]);
const tag = (sql: pg.Client, name: string) =>
  sql.query(`INSERT INTO "LiteLLM_TagTable" (tag_name, budget_id) VALUES ($1, 'b')`, [name]);

const servers = new Map<PostgresFlavor, PostgresServer>();
beforeAll(async () => {
  for (const flavor of ['debian-15', 'embedded-18'] as const) servers.set(flavor, await startPostgres({ flavor }));
});
afterAll(async () => {
  for (const server of servers.values()) await server[Symbol.asyncDispose]();
});
const serverOf = (flavor: PostgresFlavor): PostgresServer => servers.get(flavor) as PostgresServer;

describe.each([
  ['debian-15', 'wal2json'],
  ['debian-15', 'pgoutput'],
  ['embedded-18', 'pgoutput'],
] as const)('tables that change under an open stream (%s, %s)', (flavor, plugin) => {
  it('W5: an upgrade that adds columns and a table is taken up without a restart, its defaults and first rows too', async () => {
    await using pipeline = await realPipeline(serverOf(flavor), { plugin }, { shape: 'early-2025' });
    const { sql, told } = pipeline;
    await pipeline.streaming();
    await team(sql, 'old');
    await budget(sql);
    await rows(sql, 5, 'before');
    await awaitUntil(() => pipeline.team('old') !== undefined, PATIENCE);
    for (const statement of UPGRADE) await sql.query(statement);
    await tag(sql, 'at once');
    await awaitUntil(() => pipeline.seeds('schema_changed') > 0 && pipeline.tags().length > 0, PATIENCE);
    await pipeline.streaming();
    // No row told of the default: only reading the table anew can know it.
    expect(pipeline.team('old')?.softBudget).toBe(7);
    expect(pipeline.tags()).toEqual(['at once']);
    await tag(sql, 'later');
    await sql.query(`UPDATE "LiteLLM_TeamTable" SET soft_budget = 9`);
    await rows(sql, 3, 'after');
    await awaitUntil(() => pipeline.tags().length === 2 && pipeline.team('old')?.softBudget === 9, PATIENCE);
    await sql.query(`INSERT INTO "LiteLLM_SpendLogs" (request_id, call_type, "startTime", "endTime", model, status, metadata)
                     VALUES ('failed', '', now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC', 'm9', 'failure', '{}')`);
    await awaitUntil(() => read(pipeline.state, 'requests', 'm9', 'failure')?.rows === 1, PATIENCE);
    expect([...pipeline.state.series('requests')].reduce((sum, series) => sum + series.rows, 0)).toBe(9);
    expect(told.lines.join('\n')).toContain('table "LiteLLM_TagTable" is new');
  });

  it('W5: columns that are read are dropped, one of them to be added again, and the stream goes on', async () => {
    await using pipeline = await realPipeline(serverOf(flavor), { plugin });
    const { sql } = pipeline;
    await sql.query(`INSERT INTO "LiteLLM_TeamTable" (team_id, soft_budget, max_budget) VALUES ('t', 5, 6)`);
    await awaitUntil(() => pipeline.team('t')?.softBudget === 5, PATIENCE);
    await pipeline.streaming();
    await sql.query(`ALTER TABLE "LiteLLM_TeamTable" DROP COLUMN soft_budget CASCADE, DROP COLUMN max_budget CASCADE,
                       ADD COLUMN max_budget double precision`);
    await awaitUntil(() => pipeline.seeds('schema_changed') > 0 && pipeline.team('t')?.softBudget === null, PATIENCE);
    await pipeline.streaming();
    expect(pipeline.team('t')).toMatchObject({ softBudget: null, maxBudget: null });
    await sql.query(`UPDATE "LiteLLM_TeamTable" SET max_budget = 8`);
    await awaitUntil(() => pipeline.team('t')?.maxBudget === 8, PATIENCE);
  });

  it('a column that is dropped between preflight and seed ends that seed, and the next session reads without it', async () => {
    await using given = await givenUpstream(serverOf(flavor), { plugin });
    await team(given.sql, 't');
    const session = await given.connect();
    await given.sql.query('ALTER TABLE "LiteLLM_TeamTable" DROP COLUMN soft_budget CASCADE');
    const seed = session.seed({ since: 0, signal: new AbortController().signal }, new SeedRecorder());
    await expect(seed).rejects.toMatchObject({ message: expect.stringContaining('soft_budget') });
    await session.close();
    await using pipeline = runPipeline(given);
    await awaitUntil(() => pipeline.team('t') !== undefined, PATIENCE);
  });
});
