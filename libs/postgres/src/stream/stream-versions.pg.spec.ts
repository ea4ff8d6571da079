import { formatLsn } from '@app/change';
import { describe, expect, it } from '@jest/globals';
import { awaitUntil } from '../../../../test/support/await-until.js';
import { startPostgres } from '../../../../test/support/postgres-server.js';
import { confirmedFlush } from '../../../../test/support/replication-session.js';
import { commits, insertedIds, pgoutput, streamBench } from '../../../../test/support/stream-bench.js';
import { openChangeStream } from './logical-change-stream.js';

describe('PostgreSQL 18', () => {
  it('streams, confirms exactly and lets a stopping server go, like 15 does', async () => {
    await using server = await startPostgres({ flavor: 'embedded-18', settings: { wal_writer_delay: '20ms' } });
    await using bench = await streamBench(openChangeStream, server, { source: pgoutput });
    const stream = await bench.open();
    await bench.insert(1);
    const [commit] = await commits(bench.sink, 1);
    expect(insertedIds(bench.sink)).toEqual([1]);
    stream.confirm(commit!.endLsn);
    await awaitUntil(async () => (await confirmedFlush(bench.sql, bench.slot)) === formatLsn(commit!.endLsn));
    bench.sink.onKeepalive = (walEnd) => stream.confirm(walEnd);
    await server.stop('fast');
    await awaitUntil(() => bench.sink.endings.length > 0);
    expect(bench.sink.endings).toHaveLength(1);
    expect(bench.sink.endings[0]).toMatchObject({ kind: 'server-shutting-down' });
  });
});
