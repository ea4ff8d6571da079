import { formatLsn, isFailure, LSN_ZERO, type Lsn, lsnOf } from '@app/change';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { awaitUntil } from '../../../../test/support/await-until.js';
import { type PostgresServer, startPostgres } from '../../../../test/support/postgres-server.js';
import {
  confirmedFlush,
  RecordingSink,
  replicationClient,
  sqlClient,
} from '../../../../test/support/replication-session.js';
import {
  commits,
  insertedIds as ids,
  pgoutput,
  type StreamBenchOptions,
  streamBench,
  wal2json,
} from '../../../../test/support/stream-bench.js';
import { openChangeStream } from './logical-change-stream.js';
import type { StreamSource } from './start-options.js';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres({ flavor: 'debian-15' });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const given = (options: StreamBenchOptions = {}) => streamBench(openChangeStream, server, options);

describe.each([
  ['wal2json', wal2json],
  ['pgoutput', pgoutput],
] as const)('a stream of %s on a connection that exists already', (_, source) => {
  it('streams from the temporary slot that the same connection made', async () => {
    await using bench = await given({ source, temporary: true });
    const stream = await bench.open();
    await bench.insert(1);
    await commits(bench.sink, 1);
    expect(ids(bench.sink)).toEqual([1]);
    expect(bench.sink.of('insert')[0]?.relation).toEqual({ schema: 'public', table: 'LiteLLM_SpendLogs' });
    await stream.close();
    expect(await confirmedFlush(bench.sql, bench.slot)).toBeNull();
  });

  it('gives logical messages and the rows of the tables that were asked for', async () => {
    await using bench = await given({ source });
    const stream = await bench.open();
    await bench.sql.query('INSERT INTO other VALUES (1)');
    await bench.sql.query(
      `BEGIN; INSERT INTO "LiteLLM_SpendLogs" VALUES (7, 'ü'); SELECT pg_logical_emit_message(true, 'beat', 'in'); COMMIT`,
    );
    await bench.sql.query(`SELECT pg_logical_emit_message(false, 'beat', 'out')`);
    await bench.insert(8);
    await awaitUntil(() => ids(bench.sink).length >= 2);
    expect(ids(bench.sink)).toEqual([7, 8]);
    expect(bench.sink.of('message').map((message) => message.content)).toEqual(['in', 'out']);
    expect(bench.sink.of('rejected')).toEqual([]);
    await stream.close();
  });

  it('confirms exactly the position that it is told (W2)', async () => {
    await using bench = await given({ source });
    const stream = await bench.open();
    await bench.insert(1);
    const [commit] = await commits(bench.sink, 1);
    stream.confirm(commit!.endLsn);
    await awaitUntil(async () => (await confirmedFlush(bench.sql, bench.slot)) === formatLsn(commit!.endLsn));
    stream.confirm(lsnOf(commit!.endLsn - 5n));
    await bench.insert(2);
    const second = (await commits(bench.sink, 2))[1]!;
    stream.confirm(second.endLsn);
    await stream.close();
    expect(await confirmedFlush(bench.sql, bench.slot)).toBe(formatLsn(second.endLsn));
    expect(stream.confirmed).toBe(second.endLsn);
  });
});

describe('confirmation', () => {
  it('moves the slot by nothing but confirm, however long rows and status replies come and go (W2)', async () => {
    await using bench = await given({ timeoutMs: 1000 });
    const before = await confirmedFlush(bench.sql, bench.slot);
    const stream = await bench.open();
    const replies = new Set<string>();
    await awaitUntil(async () => {
      await bench.insert(replies.size * 1000 + bench.sink.changes.length);
      const { rows } = await bench.sql.query<{ at: string }>(
        `SELECT s.reply_time::text AS at FROM pg_stat_replication s JOIN pg_replication_slots r ON r.active_pid = s.pid
         WHERE r.slot_name = $1 AND s.reply_time IS NOT NULL`,
        [bench.slot],
      );
      for (const row of rows) replies.add(row.at);
      return replies.size >= 6;
    });
    expect(bench.sink.of('commit').length).toBeGreaterThan(0);
    expect(await confirmedFlush(bench.sql, bench.slot)).toBe(before);
    await stream.close();
  });

  it('does not lose a commit that starts exactly where the confirmed one ends', async () => {
    await using bench = await given();
    await using one = await sqlClient(bench.url);
    await using two = await sqlClient(bench.url);
    const stream = await bench.open();
    let adjacent: Lsn | null = null;
    for (let id = 0; adjacent === null && id < 100; id += 2) {
      for (const [offset, client] of [one, two].entries()) {
        await client.query(`BEGIN; INSERT INTO "LiteLLM_SpendLogs" VALUES (${id + offset}, 'x')`);
      }
      await Promise.all([one.query('COMMIT'), two.query('COMMIT')]);
      const [first, second] = (await commits(bench.sink, id + 2)).slice(-2);
      if (first!.endLsn === second!.commitLsn) adjacent = first!.endLsn;
    }
    expect(adjacent).not.toBeNull();
    stream.confirm(adjacent!);
    await stream.close();
    const again = new RecordingSink();
    const resumed = await bench.open(adjacent!, await replicationClient(bench.url), again);
    await commits(again, 1);
    expect(again.of('begin')[0]?.commitLsn).toBe(adjacent);
    expect(again.of('insert')).toHaveLength(1);
    await resumed.close();
  });
});

describe('back-pressure', () => {
  it('keeps the connection while it is paused for longer than wal_sender_timeout, and loses nothing', async () => {
    await using bench = await given({ timeoutMs: 1000 });
    const stream = await bench.open();
    stream.pause();
    await bench.sql.query(
      `INSERT INTO "LiteLLM_SpendLogs" SELECT n, repeat('x', 2000) FROM generate_series(1, 3000) n`,
    );
    const { rows } = await bench.sql.query<{ t: number }>(`SELECT extract(epoch FROM now())::float8 AS t`);
    await awaitUntil(async () => {
      const now = await bench.sql.query<{ t: number }>(`SELECT extract(epoch FROM clock_timestamp())::float8 AS t`);
      return now.rows[0]!.t - rows[0]!.t > 3.5;
    });
    expect(bench.sink.endings).toEqual([]);
    expect(ids(bench.sink).length).toBeLessThan(3000);
    stream.resume();
    await commits(bench.sink, 1);
    expect(ids(bench.sink)).toHaveLength(3000);
    await stream.close();
  });
});

describe('a start that is refused', () => {
  it('says what is wrong, and leaves the connection as it was', async () => {
    await using bench = await given();
    const start = (slot: string) =>
      openChangeStream(
        { client: bench.client, slot, from: LSN_ZERO, source: wal2json, walSenderTimeoutMs: 6000 },
        bench.sink,
      );
    await expect(start('no_such_slot')).rejects.toMatchObject({ kind: 'slot-missing' });
    const stream = await bench.open();
    await bench.insert(1);
    await commits(bench.sink, 1);
    expect(bench.sink.endings).toEqual([]);
    await stream.close();
    expect(bench.sink.endings).toEqual([null]);
  });

  it('names a slot that another session uses', async () => {
    await using bench = await given();
    const stream = await bench.open();
    const second = await replicationClient(bench.url);
    await expect(bench.open(LSN_ZERO, second, new RecordingSink())).rejects.toMatchObject({ kind: 'slot-active' });
    expect((await second.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await second.end();
    await stream.close();
  });

  it('names the cause where the server does not allow the plugin any more', async () => {
    await using own = await startPostgres({ flavor: 'debian-15', settings: { wal_writer_delay: '20ms' } });
    await using bench = await given({ on: own });
    const { rows } = await bench.sql.query(`SELECT 1 FROM pg_settings WHERE name = 'output_plugin_libraries'`);
    if (rows.length === 0) {
      // Minor releases before August 2026 don't know the setting, and load the plugin without it.
      const stream = await bench.open();
      await bench.insert(1);
      await commits(bench.sink, 1);
      await stream.close();
      return;
    }
    await bench.sql.query(`ALTER SYSTEM SET output_plugin_libraries = 'pgoutput'`);
    await bench.sql.query('SELECT pg_reload_conf()');
    const refused = await awaitUntil(async () => {
      const client = await replicationClient(bench.url);
      const sink = new RecordingSink();
      const failure = await bench.open(LSN_ZERO, client, sink).then(
        (stream) => stream.close().then(() => null),
        (error: unknown) => error,
      );
      await client.end().catch(() => undefined);
      return failure;
    });
    expect(refused).toMatchObject({ kind: 'plugin-refused' });
  });

  it('ends as a lost slot once a publication that is gone is needed: what it should have sent is not known', async () => {
    await using bench = await given({ source: pgoutput });
    await bench.sql.query('DROP PUBLICATION "Exporter ""1"""');
    await bench.insert(1);
    await bench.open();
    await awaitUntil(() => bench.sink.endings.length > 0);
    expect(bench.sink.endings).toHaveLength(1);
    expect(isFailure(bench.sink.endings[0], 'slot-lost')).toBe(true);
  });
});

describe('wal2json of a partitioned table', () => {
  it('gives rows of partitions made after the start, and nothing of other tables', async () => {
    await using bench = await given();
    await bench.sql.query(`CREATE TABLE parts (id integer, PRIMARY KEY (id)) PARTITION BY RANGE (id)`);
    await bench.sql.query('CREATE TABLE parts_low PARTITION OF parts FOR VALUES FROM (0) TO (10)');
    const source: StreamSource = {
      plugin: 'wal2json',
      wanted: { schema: 'public', tables: ['parts'], partitions: { parts: ['parts_low'] } },
      others: ['LiteLLM_SpendLogs', 'other'],
    };
    const request = { client: bench.client, slot: bench.slot, from: LSN_ZERO, source, walSenderTimeoutMs: 6000 };
    const stream = await openChangeStream(request, bench.sink);
    await bench.insert(1);
    await bench.sql.query('CREATE TABLE parts_high PARTITION OF parts FOR VALUES FROM (10) TO (20)');
    await bench.sql.query('CREATE TABLE newcomer (id integer PRIMARY KEY)');
    await bench.sql.query('INSERT INTO newcomer VALUES (1)');
    await bench.sql.query('INSERT INTO parts VALUES (1), (11)');
    await awaitUntil(() => ids(bench.sink).length >= 2);
    expect(ids(bench.sink)).toEqual([1, 11]);
    expect(new Set(bench.sink.of('insert').map((change) => change.relation.table))).toEqual(new Set(['parts']));
    await stream.close();
  });
});
