import { emptyRecord, type PairValue, SERIES_KINDS, type SeriesKind, type StateRecord } from '@app/aggregates';
import { lsnOf } from '@app/change';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeCheckpoint, encodeCheckpoint } from './checkpoint.js';
import { decodePair, decodePairs, encodePair, encodePairs } from './pairs.js';
import { decodeRecord, encodeRecord } from './record.js';
import { decodeSeries, encodeSeries } from './series.js';

const KINDS = Object.keys(SERIES_KINDS) as SeriesKind[];

const double = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
  fc.constantFrom(0, 1, -1, 0.1, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER + 1, 1e300, 5e-324),
);

const series = fc
  .record({ kind: fc.constantFrom(...KINDS), id: fc.integer({ min: 1, max: 2 ** 31 }) })
  .chain(({ kind, id }) =>
    fc.record({
      kind: fc.constant(kind),
      id: fc.constant(id),
      bucket: fc.integer({ min: 0, max: 4e9 }).map((seconds) => seconds * 1_000),
      rows: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
      sums: fc.array(double, {
        minLength: 2 * SERIES_KINDS[kind].sums.length,
        maxLength: 2 * SERIES_KINDS[kind].sums.length,
      }),
    }),
  );

describe('stored values', () => {
  it('give back every pair exactly, alone and in blocks', () => {
    fc.assert(
      fc.property(series, ({ kind, id, bucket, rows, sums }) => {
        const pair: PairValue = [id, bucket, rows, ...sums.map((sum) => sum + 0)];
        expect(decodePair(kind, id, bucket, encodePair(pair))).toEqual(pair);
        expect(decodePairs(kind, encodePairs([pair, pair]))).toEqual([pair, pair]);
      }),
    );
  });

  it('take few bytes: two for a count of rows, and no more than 64 for the widest kind of real traffic', () => {
    expect(encodePair([1, 0, 200])).toHaveLength(2);
    const money = [0.123456, 1e-18];
    const tokens = [1_234_567, 0];
    expect(encodePair([1, 0, 200, ...money, ...tokens, ...tokens, ...tokens]).length).toBeLessThan(35);
  });

  it('give back names of series, ids in half their size', () => {
    const uuid = '0b0e4d52-1a7e-4d0c-9f1e-2a53d9b7c001';
    const token = 'ab'.repeat(32);
    for (const key of [[uuid, '', 'gpt-4o'], [token], [uuid.toUpperCase()], [`${token}0`], ['', '', ''], ['ä🚀\n"']]) {
      const encoded = encodeSeries({ kind: 'spend_by_team', key });
      expect(decodeSeries(7, encoded)).toEqual({ id: 7, kind: 'spend_by_team', key });
    }
    expect(encodeSeries({ kind: 'spend_by_key', key: [token] })).toHaveLength(34);
    expect(() => decodeSeries(1, Buffer.from([200]))).toThrow(RangeError);
  });

  it('give back names of series whatever their text', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 200 }), { maxLength: 4 }), (key) => {
        expect(decodeSeries(1, encodeSeries({ kind: 'errors', key })).key).toEqual(key);
      }),
    );
  });

  it('give back a whole record', () => {
    const record: StateRecord = {
      ...emptyRecord(12, 1_793_534_400_000),
      defined: [{ id: 3, kind: 'requests', key: ['gpt', 'success'] }],
      pairs: { requests: [[3, 1_793_534_400_000, 5]], spend_by_tag: [[4, 1_793_534_000_000, 1, 0.1, 1e-18]] },
      dropped: [1, 2],
      counters: [{ kind: 'spend_usd', labels: ['gpt'], value: [0.3, -1e-17] }],
      histograms: [{ kind: 'request_duration', labels: ['gpt'], buckets: [0, 2, 1], sum: [4.5, 0] }],
      ended: [{ kind: 'key_spend_usd', labels: ['a', 'b'] }],
      folded: { spend_usd: 3 },
      entities: [
        { op: 'clear', table: 'team' },
        { op: 'delete', table: 'key', key: 'a\u0000b' },
        { op: 'put', entity: { table: 'tag', tagName: 'ü', spend: 0.25, budgetId: '' } },
      ],
      forgottenTokens: ['outlived'],
      replacedTokens: [['old', 'new', 1_793_534_400_000]],
      present: { tag: false },
      figures: { seed_duration_seconds: 1.5, durable_lag_bytes: 2 ** 40 },
    };
    expect(decodeRecord(encodeRecord(record))).toEqual(record);
    expect(decodeRecord(encodeRecord(emptyRecord(1, 0)))).toEqual(emptyRecord(1, 0));
    expect(() => decodeRecord(Buffer.from('nonsense'))).toThrow();
    expect(() => decodeRecord(Buffer.alloc(0))).toThrow();
  });

  it('give back a checkpoint whose position no double could hold', () => {
    const source = { systemId: '7', timeline: 2, database: 'd', schema: 's', spendLogsOid: 5 };
    const checkpoint = { source, slot: 's', plugin: 'pgoutput' as const, next: lsnOf(2n ** 64n - 1n), commitTime: 1 };
    expect(decodeCheckpoint(encodeCheckpoint(checkpoint))).toEqual(checkpoint);
    expect(JSON.parse(encodeCheckpoint(checkpoint))).toMatchObject({ next: 'ffffffffffffffff' });
  });
});
