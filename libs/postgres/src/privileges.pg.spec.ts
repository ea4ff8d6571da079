import type { ExporterFailure } from '@app/change';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { awaitUntil } from '../../../test/support/await-until.js';
import { type GivenUpstream, givenUpstream } from '../../../test/support/given-upstream.js';
import { insertSpendLogs } from '../../../test/support/litellm-tables.js';
import { type PostgresServer, startPostgres } from '../../../test/support/postgres-server.js';
import { RecordingSink } from '../../../test/support/replication-session.js';
import { SeedRecorder } from '../../../test/support/seed-recorder.js';
import { createPublicationStatement, planPublications } from './publication-statements.js';
import { grantStatements } from './role-statements.js';
import { readTableStates } from './table-state.js';
import { inspectPostgres } from './upstream.js';

const signal = new AbortController().signal;
const request = { since: Date.now() - 86_400_000, signal };

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres({ flavor: 'debian-15' });
}, 60_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** The names in each publication of the database, with their columns and operations. */
async function publications(given: GivenUpstream) {
  const { rows } = await given.sql.query(
    `SELECT p.pubname AS name, pubinsert, pubupdate, pubdelete, pubtruncate, pubviaroot, t.tablename AS relation, t.attnames::text[] AS columns
       FROM pg_publication p JOIN pg_publication_tables t USING (pubname) ORDER BY 1, 7`,
  );
  return rows;
}

/** A role of its own for a database; its name is the database's with a prefix. */
async function role(given: GivenUpstream, attributes: string): Promise<{ user: string; password: string }> {
  const user = `role_${given.options.database}`;
  await given.sql.query(`CREATE ROLE ${user} LOGIN PASSWORD 'of the role' ${attributes}`);
  return { user, password: 'of the role' };
}

async function statesOf(given: GivenUpstream) {
  return readTableStates(
    { query: async (text: string, values: unknown[]) => (await given.sql.query(text, values)).rows } as never,
    given.options.schema,
  );
}

describe('a role with no more than it needs', () => {
  it.each(['wal2json', 'pgoutput'] as const)(
    'can seed and stream by the statements that we print, with %s',
    async (plugin) => {
      await using given = await givenUpstream(server, { plugin });
      const who = await role(given, 'REPLICATION');
      for (const statement of grantStatements(who.user, 'public', await statesOf(given)))
        await given.sql.query(statement);
      for (const plan of planPublications('litellm_exporter', await statesOf(given), 150_000)) {
        await given.sql.query(createPublicationStatement(plan, 'public'));
      }
      await insertSpendLogs(given.sql, { rows: 10, from: Date.now() - 1_000, step: 1 });
      const session = await given.connect(who);
      expect(session.facts.warnings.filter((line) => !line.includes('max_slot_wal_keep_size'))).toEqual([]);
      const recorder = new SeedRecorder();
      const { consistentPoint } = await session.seed(request, recorder);
      expect(recorder.spendFacts).toHaveLength(10);
      const sink = new RecordingSink();
      await session.stream(consistentPoint, sink);
      await insertSpendLogs(given.sql, { rows: 1, from: Date.now(), step: 1, prefix: 'after' });
      await awaitUntil(() => sink.of('insert').length === 1);
      await session.emitMessage('x', 'y');
      await awaitUntil(() => sink.of('message').length === 1);
      expect((await session.metadata([{ requestId: 'after0', startTime: Date.now() }])).size).toBe(1);
      await session.close();
      await given.sql.query(`DROP OWNED BY ${who.user}; DROP ROLE ${who.user}`);
    },
  );

  it('is told the GRANT it lacks, and nothing has been created', async () => {
    await using given = await givenUpstream(server, { plugin: 'wal2json' });
    const who = await role(given, 'REPLICATION');
    await expect(given.connect(who)).rejects.toMatchObject({
      kind: 'privilege-missing',
      section: '#role',
      message: expect.stringMatching(
        /role "role_.*" may not read "request_id", .* of "LiteLLM_SpendLogs"; .*"LiteLLM_UserTable"/,
      ),
      remedy: expect.stringContaining(`GRANT SELECT ("token", "spend"`),
    });
    const { rows } = await given.sql.query('SELECT 1 FROM pg_replication_slots WHERE database = $1', [
      given.options.database,
    ]);
    expect(rows).toEqual([]);
    await given.sql.query(`DROP OWNED BY ${who.user}; DROP ROLE ${who.user}`);
  });

  it('is told at once that it may not replicate, what it may not read, and which publications lack', async () => {
    await using given = await givenUpstream(server, { plugin: 'pgoutput' });
    const who = await role(given, 'NOREPLICATION');
    const failure = await given.connect(who).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      kind: 'privilege-missing',
      message: expect.stringMatching(
        /may not start replication; .*may not read .*; publication "litellm_exporter" does not exist/,
      ),
      remedy: expect.stringMatching(/ALTER ROLE .* REPLICATION;[\s\S]*GRANT SELECT[\s\S]*CREATE PUBLICATION/),
    });
    expect((failure as ExporterFailure).explain().match(/^\S.*|(?<=^ {2}(remedy: |see: {4}))\S+/gm)).toEqual([
      ...[expect.stringContaining('may not start replication'), 'ALTER', 'POSTGRES_SETUP.md#role'],
      ...[expect.stringContaining('may not read'), 'GRANT', 'POSTGRES_SETUP.md#role'],
      ...[expect.stringContaining('publication "litellm_exporter"'), 'let', 'POSTGRES_SETUP.md#publication'],
    ]);
    expect((await inspectPostgres({ ...given.options, ...who }, signal)).failures).toHaveLength(3);
    await given.sql.query(`DROP OWNED BY ${who.user}; DROP ROLE ${who.user}`);
  });

  it('is told grants and publications at once, and the publications hold the tables that it may not read yet', async () => {
    await using given = await givenUpstream(server, { plugin: 'pgoutput' });
    const who = await role(given, 'REPLICATION');
    const failure = await given.connect(who).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      kind: 'privilege-missing',
      message: expect.stringMatching(/may not read .*; publication "litellm_exporter" does not exist/),
    });
    const { remedy } = failure as { remedy: string };
    const [grants = '', statements = ''] = remedy.split('let the owner of the tables run:');
    for (const statement of grants.split(';').filter((text) => text.trim() !== '')) await given.sql.query(statement);
    await given.sql.query(statements);
    const session = await given.connect(who);
    expect(session.facts.tables).toMatchObject({ tag: true, project: true, end_user: true, key: true });
    expect(session.facts.warnings.filter((line) => !line.includes('max_slot_wal_keep_size'))).toEqual([]);
    await session.close();
    await given.sql.query(`DROP OWNED BY ${who.user}; DROP ROLE ${who.user}`);
  });

  it('is told the statements of the publications that it may not make', async () => {
    await using given = await givenUpstream(server, { plugin: 'pgoutput' });
    const who = await role(given, 'REPLICATION');
    for (const statement of grantStatements(who.user, 'public', await statesOf(given)))
      await given.sql.query(statement);
    await expect(given.connect(who)).rejects.toMatchObject({
      kind: 'publication-missing',
      section: '#publication',
      remedy: expect.stringMatching(
        /CREATE PUBLICATION "litellm_exporter" FOR TABLE\n {2}"public"\."LiteLLM_SpendLogs" \("request_id", [^;]*;\nCREATE PUBLICATION "litellm_exporter_entities"/,
      ),
    });
    expect(await publications(given)).toEqual([]);
    await given.sql.query(`DROP OWNED BY ${who.user}; DROP ROLE ${who.user}`);
  });

  it('goes on without a table or column that an upgrade of LiteLLM brought, and says what its owner can do', async () => {
    await using given = await givenUpstream(server, { plugin: 'pgoutput' });
    const who = await role(given, 'REPLICATION');
    const without = new Map(await statesOf(given));
    for (const statement of grantStatements(who.user, 'public', without)) await given.sql.query(statement);
    without.delete('tag');
    const logs = without.get('spend_logs')!;
    without.set('spend_logs', { ...logs, columns: logs.columns.filter((column) => column !== 'request_duration_ms') });
    for (const plan of planPublications('litellm_exporter', without, 150_000)) {
      await given.sql.query(createPublicationStatement(plan, 'public'));
    }
    await given.sql.query(`REVOKE ALL ON "LiteLLM_ProjectTable" FROM ${who.user}`);
    await given.sql.query(
      `REVOKE ALL (project_id, project_alias, spend, budget_id, blocked) ON "LiteLLM_ProjectTable" FROM ${who.user}`,
    );
    const session = await given.connect(who);
    expect(session.facts.tables).toMatchObject({ tag: false, project: false, key: true });
    expect(session.facts.warnings).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/"LiteLLM_ProjectTable" is left out: .*GRANT SELECT/),
        expect.stringMatching(/lacks table "LiteLLM_TagTable": left out until its owner runs ALTER PUBLICATION/),
        expect.stringMatching(/lacks columns of "LiteLLM_SpendLogs": request_duration_ms/),
      ]),
    );
    await session.close();
    await given.sql.query(`DROP OWNED BY ${who.user}; DROP ROLE ${who.user}`);
  });

  it('is told that it lacks REPLICATION', async () => {
    await using given = await givenUpstream(server);
    const who = await role(given, '');
    await expect(given.connect(who)).rejects.toMatchObject({
      kind: 'privilege-missing',
      section: '#role',
      remedy: expect.stringContaining(`ALTER ROLE "${who.user}" REPLICATION;`),
    });
    const findings = await inspectPostgres({ ...given.options, ...who }, signal);
    expect(findings.failures.filter((failure) => failure.kind === 'privilege-missing').length).toBeGreaterThan(1);
    await given.sql.query(`DROP OWNED BY ${who.user}; DROP ROLE ${who.user}`);
  });
});

describe('publications that we may make', () => {
  it('carry inserts of spend logs and everything of entities, without prompts, passwords and credentials', async () => {
    await using given = await givenUpstream(server, { plugin: 'pgoutput' });
    const session = await given.connect();
    expect(await publications(given)).toEqual([]);
    await session.seed(request, new SeedRecorder());
    const rows = await publications(given);
    const logs = rows.filter((row) => row.name === 'litellm_exporter');
    expect(logs).toMatchObject([
      { pubinsert: true, pubupdate: false, pubdelete: false, pubtruncate: false, pubviaroot: true },
    ]);
    expect(rows.filter((row) => row.name === 'litellm_exporter_entities')).toHaveLength(11);
    const columns = rows.flatMap((row) => row.columns as string[]);
    for (const secret of ['messages', 'response', 'proxy_server_request', 'metadata', 'password', 'litellm_params']) {
      expect(columns).not.toContain(secret);
    }
  });

  it('are mended with a new seed when LiteLLM has got a table or a column more; its updates and DDL go on', async () => {
    await using given = await givenUpstream(server, { plugin: 'pgoutput' }, { shape: 'early-2025' });
    const first = await given.connect();
    await first.seed(request, new SeedRecorder());
    await given.sql.query(
      'ALTER TABLE "LiteLLM_TeamTable" ADD COLUMN soft_budget double precision, ADD COLUMN other text',
    );
    await given.sql.query(
      `INSERT INTO "LiteLLM_TeamTable" (team_id) VALUES ('t'); UPDATE "LiteLLM_TeamTable" SET spend = 1; DELETE FROM "LiteLLM_TeamTable"`,
    );
    await first.close();
    const second = await given.connect();
    const { confirmedFlush } = (await second.slot())!;
    await expect(second.stream(confirmedFlush!, new RecordingSink())).rejects.toMatchObject({
      kind: 'slot-lost',
      message: expect.stringContaining('soft_budget'),
    });
    await second.seed(request, new SeedRecorder());
    const team = (await publications(given)).find((row) => row.relation === 'LiteLLM_TeamTable');
    expect(team.columns).toContain('soft_budget');
    expect(team.columns).not.toContain('other');
    await second.close();
    const third = await given.connect();
    const stream = await third.stream((await third.slot())!.confirmedFlush!, new RecordingSink());
    await stream.close();
  });

  it('leave an entity table out whose rows have no name, since its UPDATE would fail', async () => {
    await using given = await givenUpstream(server, { plugin: 'pgoutput' });
    await given.sql.query(
      'ALTER TABLE "LiteLLM_TagTable" REPLICA IDENTITY NOTHING; ALTER TABLE "LiteLLM_UserTable" REPLICA IDENTITY FULL',
    );
    const session = await given.connect();
    await session.seed(request, new SeedRecorder());
    await given.sql.query(
      `INSERT INTO "LiteLLM_TagTable" (tag_name) VALUES ('x'); UPDATE "LiteLLM_TagTable" SET spend = 2;
       INSERT INTO "LiteLLM_UserTable" (user_id) VALUES ('x'); UPDATE "LiteLLM_UserTable" SET spend = 2`,
    );
    expect(session.facts.tables.tag).toBe(false);
    await given.sql.query('ALTER TABLE "LiteLLM_TeamTable" REPLICA IDENTITY NOTHING');
    await session.close();
    await expect(given.connect()).rejects.toMatchObject({
      kind: 'table-missing',
      message: expect.stringContaining('replica identity'),
    });
  });

  it('are mended where a WHERE leaves rows out', async () => {
    await using given = await givenUpstream(server, { plugin: 'pgoutput' });
    await given.sql.query(`CREATE PUBLICATION litellm_exporter FOR TABLE "LiteLLM_SpendLogs" WHERE (spend > 0)`);
    const session = await given.connect();
    await session.seed(request, new SeedRecorder());
    const [logs] = await publications(given);
    expect(logs).toMatchObject({ name: 'litellm_exporter', pubupdate: false });
    const { rows } = await given.sql.query('SELECT 1 FROM pg_publication_tables WHERE rowfilter IS NOT NULL');
    expect(rows).toEqual([]);
  });
});
