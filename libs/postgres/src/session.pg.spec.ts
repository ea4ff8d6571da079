import { formatLsn } from '@app/change';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { awaitUntil } from '../../../test/support/await-until.js';
import { givenUpstream } from '../../../test/support/given-upstream.js';
import { insertSpendLogs } from '../../../test/support/litellm-tables.js';
import { type PostgresServer, startPostgres } from '../../../test/support/postgres-server.js';
import { RecordingSink, sqlClient } from '../../../test/support/replication-session.js';
import { SeedRecorder } from '../../../test/support/seed-recorder.js';

const HOUR = 3_600_000;
const now = Date.now();
const signal = new AbortController().signal;
const request = { since: now - 48 * HOUR, signal };

const flavors = [
  ['debian-15', 'wal2json'],
  ['debian-15', 'pgoutput'],
  ['embedded-18', 'pgoutput'],
] as const;

const servers = new Map<string, PostgresServer>();
beforeAll(async () => {
  for (const flavor of ['debian-15', 'embedded-18'] as const) servers.set(flavor, await startPostgres({ flavor }));
}, 60_000);
afterAll(async () => {
  for (const server of servers.values()) await server[Symbol.asyncDispose]();
});
const serverOf = (flavor: string): PostgresServer => servers.get(flavor)!;

describe.each(flavors)('a session with %s and %s', (flavor, plugin) => {
  it('seeds what the table holds and streams what comes after it, on one connection, without gap or overlap', async () => {
    await using given = await givenUpstream(serverOf(flavor), { plugin, temporarySlot: true });
    await insertSpendLogs(given.sql, { rows: 5_000, from: now - 24 * HOUR, step: 10_000 });
    await given.sql.query(
      `INSERT INTO "LiteLLM_TeamTable" (team_id, team_alias, spend, max_budget, models) VALUES ('t1', E'a\\tb\\\\', 1.5, 10, '{x,"y z"}')`,
    );
    const session = await given.connect();
    expect(session.facts).toMatchObject({ plugin, temporarySlot: true, inRecovery: false, timelineHistory: new Map() });
    const recorder = new SeedRecorder();
    const seed = await session.seed(request, recorder);
    expect(recorder.spendFacts).toHaveLength(5_000);
    expect(recorder.spend).toBe(1_250);
    expect(recorder.spendFacts[0]).toMatchObject({ tags: ['a\\b', 'tab\there'], model: 'm0' });
    expect(recorder.progress.at(-1)).toMatchObject({ rows: 5_000, share: 1, etaSeconds: 0 });
    expect(seed.oldestRowTime).toBe(now - 24 * HOUR);
    expect(recorder.entityRows).toContainEqual(
      expect.objectContaining({ table: 'team', teamAlias: 'a\tb\\', maxBudget: 10, models: ['x', 'y z'] }),
    );
    await insertSpendLogs(given.sql, { rows: 3, from: now, step: 1, prefix: 'after' });
    await given.sql.query(`UPDATE "LiteLLM_TeamTable" SET team_alias = 'new'`);
    const sink = new RecordingSink();
    const stream = await session.stream(seed.consistentPoint, sink);
    await awaitUntil(() => sink.of('update').length === 1 && sink.of('commit').length >= 2);
    expect(sink.of('insert').map((change) => change.row.request_id)).toEqual(['after0', 'after1', 'after2']);
    expect(sink.of('update')[0]?.row).toMatchObject({ team_id: 't1', team_alias: 'new' });
    await stream.close();
    await session.close();
    const { rows } = await given.sql.query('SELECT slot_name FROM pg_replication_slots WHERE slot_name = $1', [
      given.options.slot,
    ]);
    expect(rows).toEqual([]);
  });

  it('reads figures, metadata and writes messages that travel the stream', async () => {
    await using given = await givenUpstream(serverOf(flavor), { plugin });
    await given.sql.query(
      `INSERT INTO "LiteLLM_SpendLogs" (request_id, call_type, "startTime", "endTime", status, metadata) VALUES
        ('f1', '', now(), now(), 'failure', '{"status":"failure","error_information":{"error_class":"RateLimitError","traceback":"x"}}'),
        ('f2', '', now(), now(), 'failure', to_jsonb('{"error_information":{"error_class":"Wrapped"}}'::text)),
        ('f3', '', now(), now(), 'failure', NULL)`,
    );
    const session = await given.connect();
    const seed = await session.seed(request, new SeedRecorder());
    const keys = ['f1', 'f2', 'f3', 'gone'].map((requestId) => ({ requestId, startTime: now }));
    expect([...(await session.metadata(keys))]).toEqual([
      ['f1', { status: 'failure', errorClass: 'RateLimitError' }],
      ['f2', { status: null, errorClass: 'Wrapped' }],
      ['f3', { status: null, errorClass: '' }],
    ]);
    const figures = await session.figures();
    expect(figures.slot).toMatchObject({ name: given.options.slot, plugin, temporary: false, active: false });
    expect(figures.spendLogsOid).toBe(session.facts.source.spendLogsOid);
    expect(Math.abs(figures.clock - Date.now())).toBeLessThan(5_000);
    const sink = new RecordingSink();
    await session.stream(seed.consistentPoint, sink);
    const lsn = await session.emitMessage('litellm_exporter', 'héllo');
    await awaitUntil(() => sink.of('message').length === 1);
    expect(sink.of('message')[0]).toMatchObject({ prefix: 'litellm_exporter', content: 'héllo' });
    expect(formatLsn(lsn)).toMatch(/^[0-9A-F]+\/[0-9A-F]+$/);
    await session.close();
    const again = await given.connect();
    expect(await again.slot()).toMatchObject({ name: given.options.slot });
    await again.dropSlot();
    await again.dropSlot();
    expect(await again.slot()).toBeNull();
  });

  it('streams what lands in partitions, those made later included, and nothing of the table a conversion left', async () => {
    await using given = await givenUpstream(serverOf(flavor), { plugin }, { partitioned: true });
    const session = await given.connect();
    const seed = await session.seed(request, new SeedRecorder());
    const sink = new RecordingSink();
    await session.stream(seed.consistentPoint, sink);
    await given.sql.query(
      `CREATE TABLE "LiteLLM_SpendLogs_p20300101" PARTITION OF "LiteLLM_SpendLogs" FOR VALUES FROM ('2030-01-01') TO ('2030-01-02');
       CREATE TABLE "LiteLLM_SpendLogs_legacy" (LIKE "LiteLLM_SpendLogs" INCLUDING ALL)`,
    );
    await insertSpendLogs(given.sql, { rows: 1, from: now, step: 1, prefix: 'now' });
    await insertSpendLogs(given.sql, { rows: 1, from: Date.UTC(2030, 0, 1, 5), step: 1, prefix: 'later' });
    await insertSpendLogs(given.sql, { rows: 1, from: Date.UTC(2040, 0, 1), step: 1, prefix: 'default' });
    await given.sql.query(`INSERT INTO "LiteLLM_SpendLogs_legacy" SELECT * FROM "LiteLLM_SpendLogs"`);
    await session.emitMessage('end', '');
    await awaitUntil(() => sink.of('message').length === 1);
    expect(sink.of('insert').map((change) => change.row.request_id)).toEqual(['now0', 'later0', 'default0']);
    expect(new Set(sink.of('insert').map((change) => change.relation.table))).toEqual(new Set(['LiteLLM_SpendLogs']));
    expect(await session.metadata([{ requestId: 'later0', startTime: Date.UTC(2030, 0, 1, 5) }])).toEqual(
      new Map([['later0', { status: null, errorClass: '' }]]),
    );
  });

  it('lets one process in at a time; the next one waits, says for whom, and comes in when the first has gone', async () => {
    await using given = await givenUpstream(serverOf(flavor), { plugin });
    const first = await given.connect();
    const held = jest.fn();
    const second = given.upstream().connect(new AbortController().signal, held);
    await awaitUntil(() => given.reported.length > 0);
    expect(held).toHaveBeenCalledTimes(1);
    expect(given.reported[0]).toMatch(
      /^another exporter consumes slot ".*" \(pid \d+ from 127\.0\.0\.1\); this one serves the state that they share in Redis/,
    );
    const left = performance.now();
    await first.close();
    const session = await second;
    expect(performance.now() - left).toBeLessThan(5_000);
    expect(session.facts.slot).toBe(given.options.slot);
    await session.close();
  });

  it('stops to wait for the lock when asked to', async () => {
    await using given = await givenUpstream(serverOf(flavor), { plugin });
    await given.connect();
    const stopping = new AbortController();
    const waiting = given.upstream().connect(stopping.signal);
    await awaitUntil(() => given.reported.length > 0);
    stopping.abort(new Error('stopped'));
    await expect(waiting).rejects.toThrow();
  });

  it('says that it is lost, within a moment, when its control connection is ended', async () => {
    await using given = await givenUpstream(serverOf(flavor), { plugin });
    const session = await given.connect();
    await using other = await sqlClient(serverOf(flavor).url());
    await other.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = $1 AND application_name = 'litellm-exporter' AND backend_type = 'client backend'`,
      [given.options.database],
    );
    expect(await session.lost).toMatchObject({ kind: 'server-shutting-down' });
    await awaitUntil(async () => {
      const { rows } = await other.query(
        `SELECT 1 FROM pg_stat_activity WHERE datname = $1 AND application_name = 'litellm-exporter'`,
        [given.options.database],
      );
      return rows.length === 0;
    });
  });
});
