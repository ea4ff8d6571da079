import { describe, expect, it } from '@jest/globals';
import { SeedRecorder } from '../../../test/support/seed-recorder.js';
import type { Connection } from './connection.js';
import type { SeedPatience } from './seed-patience.js';
import { SpendLogReader } from './spend-log-reader.js';

const SOURCE = { schema: 'public', columns: new Set(['startTime']), oid: 1 };

/** A fake of a server that finds the bounds of the table, and nothing else in time. */
function slowConnection(): Connection {
  const query = async (sql: string) => {
    if (sql.startsWith('SET enable_')) throw Object.assign(new Error('canceling statement'), { code: '57014' });
    return [{ value: '1770091506123' }];
  };
  return { query, destroy: () => undefined } as unknown as Connection;
}

describe('the reader of spend logs', () => {
  it('names the index where even single rows take too long, since without it each slice sorts the whole table', async () => {
    const view = async () => ({ connection: slowConnection(), snapshot: 'a' });
    const controls = {
      signal: new AbortController().signal,
      overdue: () => undefined,
      patience: {} as SeedPatience,
    };
    const recorder = new SeedRecorder();
    const reading = new SpendLogReader(view, SOURCE, recorder, controls).read(0);
    await expect(reading).rejects.toMatchObject({
      kind: 'seed-interrupted',
      remedy: expect.stringContaining('CREATE INDEX CONCURRENTLY ON "public"."LiteLLM_SpendLogs" ("startTime")'),
    });
    expect(recorder.spendFacts).toEqual([]);
  });
});
