import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { awaitUntil } from '../../../test/support/await-until.js';
import { type GivenUpstream, givenUpstream } from '../../../test/support/given-upstream.js';
import { insertSpendLogs } from '../../../test/support/litellm-tables.js';
import { type PostgresServer, startPostgres } from '../../../test/support/postgres-server.js';
import { RecordingSink, sqlClient } from '../../../test/support/replication-session.js';
import { SeedRecorder } from '../../../test/support/seed-recorder.js';
import { flavor, plugins } from '../../../test/support/tested-server.js';

const DAY = 86_400_000;
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

async function sums(given: GivenUpstream): Promise<{ rows: number; spend: number }> {
  const { rows } = await given.sql.query(
    `SELECT count(*)::int AS rows, sum(spend)::float8 AS spend FROM "${given.options.schema}"."LiteLLM_SpendLogs"`,
  );
  return rows[0];
}

describe(`a seed of ${flavor} equals the table`, () => {
  it.each([
    ['of today', {}],
    ['of early 2025', { shape: 'early-2025' }],
    ['in any order of columns, with timestamptz', { columnOrder: 'shuffled', timestamps: 'timestamptz' }],
    ['partitioned by day', { partitioned: true }],
    ['in a schema of another name', { schema: 'My "schema"' }],
  ] as const)('of a LiteLLM %s', async (_, shape) => {
    const schema = 'schema' in shape ? shape.schema : 'public';
    await using given = await givenUpstream(server, { schema, plugin: 'pgoutput' }, shape);
    const quoted = schema.replaceAll('"', '""');
    await insertSpendLogs(given.sql, { rows: 2_000, from: now - 2 * DAY, step: 60_000, schema: quoted });
    const session = await given.connect();
    const recorder = new SeedRecorder();
    const { consistentPoint, oldestRowTime } = await session.seed(request, recorder);
    expect(recorder.spendFacts).toHaveLength(2_000);
    expect(recorder.spend).toBe(500);
    expect(oldestRowTime).toBe(now - 2 * DAY);
    expect(recorder.spendFacts[7]).toMatchObject({
      startTime: now - 2 * DAY + 420_000,
      status: 'success',
      totalTokens: 30,
    });
    await insertSpendLogs(given.sql, { rows: 2, from: now, step: 1, prefix: 'after', schema: quoted });
    const sink = new RecordingSink();
    await session.stream(consistentPoint, sink);
    await awaitUntil(() => sink.of('commit').length > 0);
    expect(sink.of('insert').map((change) => change.relation)).toEqual(
      Array.from({ length: 2 }, () => ({ schema, table: 'LiteLLM_SpendLogs' })),
    );
    expect(session.facts.tables).toMatchObject({ spend_logs: true, key: true, tag: !('shape' in shape) });
  });

  it('takes rows of the future, of infinity and from `since` on, and none before', async () => {
    await using given = await givenUpstream(server);
    const far = Date.UTC(2500, 0, 1);
    for (const [prefix, from] of [
      ['old', request.since - 1],
      ['first', request.since],
      ['now', now],
      ['far', far],
    ] as const) {
      await insertSpendLogs(given.sql, { rows: 1, from, step: 0, prefix });
    }
    await given.sql.query(
      `INSERT INTO "LiteLLM_SpendLogs" (request_id, call_type, spend, "startTime", "endTime")
       VALUES ('never', '', 'NaN', now(), now()), ('endless', '', 1, 'infinity', 'infinity')`,
    );
    const recorder = new SeedRecorder();
    const session = await given.connect();
    const { oldestRowTime } = await session.seed(request, recorder);
    const times = recorder.spendFacts.map((fact) => fact.startTime);
    expect(times).toEqual(expect.arrayContaining([request.since, now, far]));
    expect(recorder.spendFacts).toHaveLength(4);
    expect([...recorder.rejections]).toEqual(
      expect.arrayContaining([
        ['spend_not_finite', 1],
        ['time_unreadable', 1],
      ]),
    );
    expect(oldestRowTime).toBe(request.since - 1);
  });

  it('takes an empty table, and entities of several pages', async () => {
    await using given = await givenUpstream(server);
    await given.sql.query(
      `INSERT INTO "LiteLLM_EndUserTable" (user_id, spend) SELECT 'u' || i, i FROM generate_series(1, 25000) i`,
    );
    await given.sql.query(
      `INSERT INTO "LiteLLM_TeamMembership" (user_id, team_id, spend) SELECT 'u' || i % 150, 't' || i / 150, 1 FROM generate_series(0, 14999) i`,
    );
    const recorder = new SeedRecorder();
    const session = await given.connect();
    expect(await session.seed(request, recorder)).toMatchObject({ oldestRowTime: null });
    const keys = (table: string) =>
      recorder.entityRows.filter((entity) => entity.table === table).map((e) => JSON.stringify(e));
    expect(new Set(keys('end_user')).size).toBe(25_000);
    expect(keys('end_user')).toHaveLength(25_000);
    expect(new Set(keys('team_member')).size).toBe(15_000);
    expect(recorder.progress.at(-1)).toEqual({ rows: 0, share: 1, etaSeconds: 0 });
  });
});

describe(`a seed of ${flavor} beside writers`, () => {
  it.each(plugins)('misses and doubles nothing under %s', async (plugin) => {
    await using given = await givenUpstream(server, { plugin });
    await using writer = await another(given);
    await insertSpendLogs(given.sql, { rows: 20_000, from: now - DAY, step: 1_000 });
    let writing = true;
    let batch = 0;
    const written = (async () => {
      while (writing) await insertSpendLogs(writer, { rows: 50, from: now - DAY, step: 500, prefix: `w${batch++}-` });
    })();
    const session = await given.connect();
    const recorder = new SeedRecorder();
    const { consistentPoint } = await session.seed(request, recorder);
    writing = false;
    await written;
    const sink = new RecordingSink();
    await session.stream(consistentPoint, sink);
    const { rows, spend } = await sums(given);
    await awaitUntil(() => recorder.spendFacts.length + sink.of('insert').length >= rows, { what: 'every row' });
    expect(recorder.spend + sink.of('insert').length * 0.25).toBe(spend);
    expect(sink.of('commit').every((commit) => commit.commitLsn >= consistentPoint)).toBe(true);
    expect(sink.of('insert').length).toBeGreaterThan(0);
  });

  it('a commit exactly at the consistent point is in the stream and not in the seed (F5)', async () => {
    await using given = await givenUpstream(server);
    await using first = await another(given);
    await using second = await another(given);
    await using third = await another(given);
    const session = await given.connect();
    await first.query('BEGIN; SELECT pg_current_xact_id()');
    const recorder = new SeedRecorder();
    const seeding = session.seed(request, recorder);
    const waiting = (client: { readonly processID?: number }) => async () => {
      const { rows } = await given.sql.query(
        `SELECT 1 FROM pg_stat_activity WHERE backend_type = 'walsender' AND datname = $1 AND $2 = ANY(pg_blocking_pids(pid))`,
        [given.options.database, (client as { processID: number }).processID],
      );
      return rows.length === 1;
    };
    await awaitUntil(waiting(first as never));
    await second.query('BEGIN; SELECT pg_current_xact_id()');
    await first.query('COMMIT');
    await awaitUntil(waiting(second as never));
    await third.query('BEGIN');
    await insertSpendLogs(third, { rows: 1, from: now, step: 0, prefix: 'edge' });
    await Promise.all([second.query('COMMIT'), third.query('COMMIT')]);
    const { consistentPoint } = await seeding;
    const sink = new RecordingSink();
    await session.stream(consistentPoint, sink);
    await session.emitMessage('end', '');
    await awaitUntil(() => sink.of('message').length === 1);
    const counted = sink.of('commit').filter((commit) => commit.commitLsn >= consistentPoint).length;
    expect(counted).toBe(sink.of('commit').length);
    expect(recorder.spendFacts.length + sink.of('insert').length).toBe(1);
  });

  it('says for whom the slot waits', async () => {
    await using given = await givenUpstream(server);
    await using other = await another(given);
    await other.query(`SET application_name = 'nightly job'; BEGIN; SELECT pg_current_xact_id()`);
    const session = await given.connect();
    const seeding = session.seed(request, new SeedRecorder());
    const waits = (): string | undefined => given.reported.find((line) => line.startsWith('the slot waits'));
    expect(await awaitUntil(waits, { timeout: 15_000 })).toMatch(
      /^the slot waits for open transactions to end: pid \d+ \(nightly job, role postgres, open for \d+ s\)$/,
    );
    const [hindrance] = given.hindrances;
    const pid = Number(/pid (\d+)/.exec(hindrance?.what ?? '')?.[1]);
    expect(hindrance).toEqual({
      what: expect.stringMatching(/^the slot waits .* pid \d+ \(nightly job, role postgres, open for \d+ s\)$/),
      remedy: `end that transaction, or: SELECT pg_terminate_backend(${pid});`,
    });
    await other.query('COMMIT');
    await seeding;
    expect(given.hindrances.at(-1)).toBeNull();
  });
});
