import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { awaitUntil } from '../../../test/support/await-until.js';
import { givenUpstream } from '../../../test/support/given-upstream.js';
import { insertSpendLogs } from '../../../test/support/litellm-tables.js';
import { type PostgresServer, startPostgres } from '../../../test/support/postgres-server.js';
import { RecordingSink } from '../../../test/support/replication-session.js';
import { SeedRecorder } from '../../../test/support/seed-recorder.js';

const DAY = 86_400_000;
const request = { since: Date.now() - 30 * DAY, signal: new AbortController().signal };

describe.each(['debian-15', 'embedded-18'] as const)('pg_ctl stop -m fast of %s (W11)', (flavor) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ flavor, settings: {} });
  }, 60_000);
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    await server.start().catch(() => undefined);
  });

  it.each([true, false])('ends within 2 s while a session idles, temporary slot %s', async (temporarySlot) => {
    await using given = await givenUpstream(server, { plugin: 'pgoutput', temporarySlot });
    const session = await given.connect();
    expect(await server.stop('fast')).toBeLessThan(2_000);
    expect(await session.lost).toMatchObject({ kind: 'server-shutting-down' });
  });

  it('ends within 2 s while a seed reads, and the seed says that it was interrupted', async () => {
    await using given = await givenUpstream(server, { plugin: 'pgoutput' });
    await insertSpendLogs(given.sql, { rows: 50_000, from: Date.now() - 20 * DAY, step: 30_000 });
    const session = await given.connect();
    const recorder = new SeedRecorder();
    let stopping: Promise<number> | null = null;
    recorder.onRow = () => {
      stopping ??= server.stop('fast');
    };
    await expect(session.seed(request, recorder)).rejects.toMatchObject({ kind: 'seed-interrupted' });
    expect(await stopping).toBeLessThan(2_000);
  });

  it('ends within 2 s while the slot waits for a transaction', async () => {
    await using given = await givenUpstream(server, { plugin: 'pgoutput' });
    await given.sql.query('BEGIN; SELECT pg_current_xact_id()');
    const session = await given.connect();
    const seeding = session.seed(request, new SeedRecorder());
    seeding.catch(() => undefined);
    await awaitUntil(async () => {
      const { rows } = await given.sql.query(
        `SELECT 1 FROM pg_stat_activity WHERE backend_type = 'walsender' AND cardinality(pg_blocking_pids(pid)) > 0`,
      );
      return rows.length > 0;
    });
    expect(await server.stop('fast')).toBeLessThan(2_000);
    await expect(seeding).rejects.toMatchObject({ kind: 'seed-interrupted' });
  });

  it('ends within 2 s while a stream runs whose positions nobody confirms', async () => {
    await using given = await givenUpstream(server, { plugin: 'pgoutput' });
    const session = await given.connect();
    const { consistentPoint } = await session.seed(request, new SeedRecorder());
    const sink = new RecordingSink();
    await session.stream(consistentPoint, sink);
    await insertSpendLogs(given.sql, { rows: 100, from: Date.now(), step: 1 });
    await awaitUntil(() => sink.of('commit').length > 0);
    expect(await server.stop('fast')).toBeLessThan(2_000);
    expect(await session.lost).toMatchObject({ kind: 'server-shutting-down' });
  });
});

describe('close', () => {
  it('ends within 2 s while the slot waits for a transaction, and leaves no slot behind', async () => {
    await using server = await startPostgres({ flavor: 'debian-15' });
    await using given = await givenUpstream(server);
    await given.sql.query('BEGIN; SELECT pg_current_xact_id()');
    const session = await given.connect();
    const seeding = session.seed(request, new SeedRecorder());
    seeding.catch(() => undefined);
    await awaitUntil(async () => {
      const { rows } = await given.sql.query(
        `SELECT 1 FROM pg_stat_activity WHERE backend_type = 'walsender' AND cardinality(pg_blocking_pids(pid)) > 0`,
      );
      return rows.length > 0;
    });
    const began = performance.now();
    await session.close();
    expect(performance.now() - began).toBeLessThan(2_000);
    await expect(seeding).rejects.toMatchObject({ kind: 'seed-interrupted' });
    await awaitUntil(async () => {
      const { rows } = await given.sql.query('SELECT 1 FROM pg_replication_slots WHERE slot_name = $1', [
        given.options.slot,
      ]);
      return rows.length === 0;
    });
  });
});
