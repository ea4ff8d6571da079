import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { awaitUntil } from '../../../test/support/await-until.js';
import { type GivenUpstream, givenUpstream } from '../../../test/support/given-upstream.js';
import { type PostgresFlavor, type PostgresServer, startPostgres } from '../../../test/support/postgres-server.js';
import { runPipeline } from '../../../test/support/real-pipeline.js';
import { createPublicationStatement, planPublications } from './publication-statements.js';
import { grantStatements } from './role-statements.js';
import { readTableStates } from './table-state.js';

const TIME = 60_000;
const TAGS = `CREATE TABLE "LiteLLM_TagTable" (tag_name text PRIMARY KEY, spend double precision DEFAULT 0, budget_id text)`;

const servers = new Map<PostgresFlavor, PostgresServer>();
beforeAll(async () => {
  for (const flavor of ['debian-15', 'embedded-18'] as const) servers.set(flavor, await startPostgres({ flavor }));
}, TIME);
afterAll(async () => {
  for (const server of servers.values()) await server[Symbol.asyncDispose]();
});

async function statesOf(given: GivenUpstream) {
  const query = async (text: string, values: unknown[]) => (await given.sql.query(text, values)).rows;
  return readTableStates({ query } as never, given.options.schema);
}

/** A database of early 2025 whose tables and publications belong to somebody else than our role. */
async function givenOthers(flavor: PostgresFlavor, plugin: 'wal2json' | 'pgoutput') {
  const who = { user: `other_${randomBytes(4).toString('hex')}`, password: 'of the role' };
  const server = servers.get(flavor) as PostgresServer;
  const given = await givenUpstream(server, { plugin, ...who }, { shape: 'early-2025' });
  await given.sql.query(`CREATE ROLE ${who.user} LOGIN PASSWORD '${who.password}' REPLICATION`);
  const states = await statesOf(given);
  for (const statement of grantStatements(who.user, 'public', states)) await given.sql.query(statement);
  if (plugin === 'pgoutput') {
    for (const plan of planPublications('litellm_exporter', states, 150_000)) {
      await given.sql.query(createPublicationStatement(plan, 'public'));
    }
  }
  return given;
}

/** The statement of this beginning in the lines that were said, up to its semicolon. */
const statementIn = (lines: readonly string[], start: string): string | undefined =>
  lines.map((line) => new RegExp(`${start}[^;]*;`).exec(line)?.[0]).find((found) => found !== undefined);

describe.each([
  ['debian-15', 'wal2json'],
  ['debian-15', 'pgoutput'],
  ['embedded-18', 'pgoutput'],
] as const)('a role that owns nothing, and an upgrade under its stream (%s, %s)', (flavor, plugin) => {
  it(
    'W10: names the exact statements, once each; what they let in is there without a restart once they were run',
    async () => {
      const given = await givenOthers(flavor, plugin);
      await using pipeline = runPipeline(given);
      const { sql, told } = pipeline;
      const said = (start: string) => statementIn(told.of('warn').map(String), start);
      const run = async (start: string): Promise<void> => {
        await awaitUntil(() => said(start) !== undefined, { timeout: TIME, what: `a line with ${start}` });
        await sql.query(said(start) as string);
      };
      await pipeline.streaming();
      await sql.query(`INSERT INTO "LiteLLM_TeamTable" (team_id) VALUES ('t')`);
      await sql.query('ALTER TABLE "LiteLLM_TeamTable" ADD COLUMN soft_budget double precision DEFAULT 7');
      await sql.query(TAGS);
      await sql.query(`INSERT INTO "LiteLLM_TagTable" (tag_name, budget_id) VALUES ('x', 'b')`);
      await run('GRANT SELECT [(][^;]*soft_budget');
      await run('GRANT SELECT [(]"?tag_name');
      if (plugin === 'pgoutput') {
        const extend =
          'ALTER PUBLICATION "litellm_exporter_entities" SET TABLE(?=[^;]*soft_budget)(?=[^;]*LiteLLM_TagTable)';
        await run(extend);
      }
      const there = () => pipeline.team('t')?.softBudget === 7 && pipeline.tags().join() === 'x';
      await awaitUntil(there, { timeout: TIME, what: 'column and table' });
      expect(pipeline.seeds('schema_changed')).toBeGreaterThan(0);
      const warnings = told
        .of('warn')
        .map(String)
        .filter((line) => /GRANT|ALTER PUBLICATION/.test(line));
      expect(new Set(warnings).size).toBe(warnings.length);
    },
    2 * TIME,
  );
});

describe('a publication of others that loses a table which is needed', () => {
  it(
    'W5: ends the stream with the statement, and seeds anew once the table is back: what was written meanwhile is in no slot',
    async () => {
      const given = await givenOthers('embedded-18', 'pgoutput');
      await using pipeline = runPipeline(given);
      const { sql, told } = pipeline;
      await pipeline.streaming();
      await sql.query('ALTER PUBLICATION litellm_exporter_entities DROP TABLE "LiteLLM_TeamTable"');
      const errors = () => told.of('error').map(String).join('\n');
      await awaitUntil(() => errors().includes('lacks table "LiteLLM_TeamTable"'), { timeout: TIME });
      await sql.query(`INSERT INTO "LiteLLM_TeamTable" (team_id) VALUES ('missed')`);
      await sql.query(statementIn([errors()], 'ALTER PUBLICATION "litellm_exporter_entities" SET TABLE') as string);
      await awaitUntil(() => pipeline.team('missed') !== undefined, { timeout: TIME });
      expect(pipeline.seeds('schema_changed')).toBe(1);
    },
    2 * TIME,
  );
});
