import { isFailure, LSN_ZERO } from '@app/change';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { awaitUntil } from '../../../../test/support/await-until.js';
import { type PostgresServer, startPostgres } from '../../../../test/support/postgres-server.js';
import { RecordingSink, replicationClient } from '../../../../test/support/replication-session.js';
import { commits, type StreamBenchOptions, streamBench, wal2json } from '../../../../test/support/stream-bench.js';
import { tcpRelay } from '../../../../test/support/tcp-relay.js';
import { openChangeStream } from './logical-change-stream.js';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres({ flavor: 'debian-15' });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const given = (options: StreamBenchOptions = {}) => streamBench(openChangeStream, server, options);

describe('the end of a stream', () => {
  it('tells its sink once, and ends the connection, when it is asked to close', async () => {
    await using bench = await given();
    const stream = await bench.open();
    await Promise.all([stream.close(), stream.close()]);
    await stream.close();
    expect(bench.sink.endings).toEqual([null]);
    await awaitUntil(async () => {
      const { rows } = await bench.sql.query('SELECT 1 FROM pg_replication_slots WHERE slot_name = $1 AND active', [
        bench.slot,
      ]);
      return rows.length === 0;
    });
  });

  it('tells its sink once when the server ends the session', async () => {
    await using bench = await given();
    await bench.open();
    await bench.sql.query('SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = $1', [
      bench.slot,
    ]);
    await awaitUntil(() => bench.sink.endings.length > 0);
    await awaitUntil(() => bench.client.connection.stream.destroyed);
    await new Promise(setImmediate);
    expect(bench.sink.endings).toHaveLength(1);
    expect(isFailure(bench.sink.endings[0], 'server-shutting-down')).toBe(true);
  });

  it('closes with what the sink threw', async () => {
    await using bench = await given();
    const broken = new Error('the sink is full');
    bench.sink.onChange = () => {
      throw broken;
    };
    await bench.open();
    await bench.insert(1);
    await awaitUntil(() => bench.sink.endings.length > 0);
    expect(bench.sink.endings).toEqual([broken]);
    expect(bench.sink.changes).toHaveLength(1);
  });

  it('notices a server that has gone silent, and does not wait for it when closing', async () => {
    await using bench = await given({ timeoutMs: 900 });
    await using relay = await tcpRelay(server.port);
    const url = new URL(bench.url);
    url.port = String(relay.port);
    const open = async (timeoutMs: number) => {
      const sink = new RecordingSink();
      const client = await replicationClient(url.href, timeoutMs);
      await client.query(
        `CREATE_REPLICATION_SLOT ${bench.slot}_${timeoutMs} TEMPORARY LOGICAL wal2json (SNAPSHOT 'nothing')`,
      );
      const request = { client, slot: `${bench.slot}_${timeoutMs}`, from: LSN_ZERO, source: wal2json };
      const stream = await openChangeStream({ ...request, walSenderTimeoutMs: timeoutMs }, sink);
      return { sink, stream };
    };
    const watchful = await open(900);
    const patient = await open(60_000);
    relay.silence();
    await awaitUntil(() => watchful.sink.endings.length > 0);
    expect(isFailure(watchful.sink.endings[0], 'stream-broken')).toBe(true);
    const began = performance.now();
    await patient.stream.close();
    expect(performance.now() - began).toBeLessThan(2000);
    expect(patient.sink.endings).toEqual([null]);
  });

  it('stays on an idle connection, where only our own question makes the server speak', async () => {
    await using bench = await given({ timeoutMs: 600 });
    const stream = await bench.open();
    await awaitUntil(() => bench.sink.keepalives.filter(({ replyRequested }) => !replyRequested).length >= 8);
    expect(bench.sink.endings).toEqual([]);
    await stream.close();
  });
});

describe('a server that stops', () => {
  it('is let go in a moment by a sink that confirms exactly what it is told of (W11), and not asked to spin before', async () => {
    await using own = await startPostgres({ flavor: 'debian-15', settings: { wal_writer_delay: '20ms' } });
    await using bench = await given({ on: own });
    const stream = await bench.open();
    await bench.insert(1);
    await commits(bench.sink, 1);
    const stopped = own.stop('fast');
    await awaitUntil(() => bench.sink.keepalives.filter(({ replyRequested }) => replyRequested).length >= 3);
    const asked = bench.sink.keepalives.length;
    const began = performance.now();
    await awaitUntil(() => performance.now() - began > 500);
    expect(bench.sink.keepalives.length - asked).toBeLessThan(20);
    bench.sink.onKeepalive = (walEnd) => stream.confirm(walEnd);
    const confirmed = performance.now();
    await stopped;
    expect(performance.now() - confirmed).toBeLessThan(2000);
    await awaitUntil(() => bench.sink.endings.length > 0);
    expect(bench.sink.endings).toHaveLength(1);
    expect(isFailure(bench.sink.endings[0], 'server-shutting-down')).toBe(true);
  });

  it('in a crash breaks the stream once', async () => {
    await using own = await startPostgres({ flavor: 'debian-15', settings: { wal_writer_delay: '20ms' } });
    await using bench = await given({ on: own });
    await bench.open();
    await own.stop('immediate');
    await awaitUntil(() => bench.sink.endings.length > 0);
    expect(bench.sink.endings).toHaveLength(1);
    expect(bench.sink.endings[0]).toMatchObject({ name: 'ExporterFailure' });
  });
});
