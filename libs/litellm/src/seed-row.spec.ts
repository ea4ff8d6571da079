import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { copyLine } from '../../../test/support/copy-line.js';
import { readSeedLine } from '../../../test/support/seed-line.js';
import { SeedMeasures } from './seed-measures.js';
import { SEED_COLUMNS, seedSelectList } from './seed-row.js';
import { readSpendFact } from './spend-row.js';
import { TABLES } from './tables.js';

const ALL = new Set(TABLES.spend_logs.columns.map(({ name }) => name));

type Cells = Partial<Record<(typeof SEED_COLUMNS)[number], string | null>>;
const lineOf = (cells: Cells): (string | null)[] => SEED_COLUMNS.map((column) => cells[column] ?? null);

const TIMES = { startTime: '1770091506123456', endTime: '1770091508500' };

describe('seedSelectList', () => {
  it('has an expression for each column, and NULL for those that this LiteLLM lacks', () => {
    const list = seedSelectList(new Set(['startTime', 'endTime', 'user', 'spend']));
    expect(list).toHaveLength(SEED_COLUMNS.length);
    expect(list.filter((expression) => expression !== 'NULL')).toHaveLength(4);
    expect(list[SEED_COLUMNS.indexOf('user')]).toBe('"user"');
  });

  it('sends no request id, no prompt, and metadata only cut down', () => {
    const sql = seedSelectList(new Set([...ALL, 'messages', 'response', 'proxy_server_request'])).join();
    expect(sql).not.toMatch(/request_id|messages|response|proxy_server_request/);
    expect(seedSelectList(ALL)[SEED_COLUMNS.indexOf('metadata')]).toMatch(/^CASE WHEN "status" = 'success' THEN NULL/);
  });

  it('names no status where there is none', () => {
    const older = new Set([...ALL].filter((name) => name !== 'status'));
    expect(seedSelectList(older).join()).not.toContain('"status"');
  });
});

describe('a seed line', () => {
  it('says of texts what readSpendFact says of them', () => {
    const cell = fc.oneof(
      fc.json(),
      fc.string(),
      fc.double().map(String),
      fc.integer().map(String),
      fc.constantFrom('failure', 'success', 'True', '', 'Infinity', '-Infinity', 'NaN', '12345678901234567890'),
    );
    const names = SEED_COLUMNS.filter((name) => !/Time$/.test(name));
    const cells = fc.record(Object.fromEntries(names.map((name) => [name, fc.option(cell)])));
    const time = fc.integer({ min: 0, max: 4_102_444_800_000 });
    fc.assert(
      fc.property(cells, time, time, fc.option(time), (row, start, end, first) => {
        const text = (millis: number | null): string | null =>
          millis === null ? null : new Date(millis).toISOString().replace('T', ' ').replace('Z', '');
        const millis = {
          startTime: `${start}000`,
          endTime: `${end}`,
          completionStartTime: first === null ? null : `${first}`,
        };
        const times = { startTime: text(start), endTime: text(end), completionStartTime: text(first) };
        const { fact, rejections } = readSpendFact({ ...row, ...times });
        expect(readSeedLine(lineOf({ ...row, ...millis }))).toEqual({ fact, rejections });
      }),
    );
  });

  it('takes numbers for finite that only their sum is not', () => {
    const tokens = `${Number.MAX_VALUE}`;
    const line = lineOf({
      ...TIMES,
      spend: '1',
      total_tokens: tokens,
      prompt_tokens: tokens,
      completion_tokens: tokens,
    });
    expect(readSeedLine(line).rejections).toEqual([]);
  });

  it('is read by itself, whatever stood before it', () => {
    const measures = new SeedMeasures();
    measures.read(copyLine(['1', '2', '3', '4', '5', '6', '7', '8', '']), 0);
    const text = `before\n${copyLine(['1999', '-2.5', null, null, 'NaN', null, '1e3', 'x', 'key'])}`;
    const at = measures.read(text, text.indexOf('\n') + 1);
    expect(text.slice(at)).toBe('key\n');
    expect(measures).toMatchObject({
      startMicros: 1999,
      startTime: 1,
      endTime: -2.5,
      completionStartTime: null,
      durationMs: null,
    });
    expect(measures).toMatchObject({ spend: 0, totalTokens: 0, promptTokens: 1000, completionTokens: 0 });
    expect(measures.rejections).toEqual(['spend_not_finite', 'tokens_not_finite']);
  });

  it.each([null, '', 'Infinity', '-Infinity', 'x'])('is no row with startTime %j', (startTime) => {
    expect(readSeedLine(lineOf({ ...TIMES, startTime }))).toEqual({ fact: null, rejections: ['time_unreadable'] });
  });
});
