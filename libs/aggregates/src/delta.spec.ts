import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Delta } from './delta.js';
import { keyText } from './key.js';

const BOUNDS = [1, 2, 5];

interface Row {
  readonly key: string;
  readonly bucket: number;
  readonly sum: number;
}

const row: fc.Arbitrary<Row> = fc.record({
  key: fc.constantFrom('a', 'b', 'c'),
  bucket: fc.constantFrom(0, 10, 20),
  sum: fc.integer({ min: 0, max: 8 }),
});

function folded(rows: readonly Row[]): Delta {
  const delta = new Delta();
  for (const { key, bucket, sum } of rows) {
    delta.rows += 1;
    delta.addRow('requests', keyText([key, 'success']), bucket);
    delta.addRowWith('spend_by_tag', key, bucket, sum);
    delta.count('spend_usd', [key], sum);
    delta.observe('request_duration', key, BOUNDS, sum);
  }
  return delta;
}

/** Everything that a delta holds, whatever the order in which it came. */
function content({ rows, series, counters, histograms }: Delta): unknown {
  const sorted = (entries: readonly string[]): string[] => entries.toSorted();
  return {
    rows,
    series: sorted(
      Object.entries(series).flatMap(([kind, buckets]) =>
        [...buckets].flatMap(([bucket, entries]) =>
          [...entries].map(([text, values]) => JSON.stringify([kind, bucket, text, values])),
        ),
      ),
    ),
    counters: sorted(
      Object.entries(counters).flatMap(([kind, all]) => [...all.values()].map((one) => JSON.stringify([kind, one]))),
    ),
    histograms: sorted(
      Object.entries(histograms).flatMap(([kind, all]) => [...all.values()].map((one) => JSON.stringify([kind, one]))),
    ),
  };
}

describe('a delta', () => {
  it('merged from parts is the one that was folded in one go', () => {
    fc.assert(
      fc.property(fc.array(fc.array(row, { maxLength: 10 }), { maxLength: 6 }), (transactions) => {
        const merged = new Delta();
        for (const rows of transactions) merged.merge(folded(rows));
        expect(content(merged)).toEqual(content(folded(transactions.flat())));
      }),
    );
  });

  it('goes on adding to what it has taken over', () => {
    const delta = new Delta();
    delta.merge(folded([{ key: 'a', bucket: 0, sum: 1 }]));
    delta.addRowWith('spend_by_tag', 'a', 0, 2);
    expect(delta.series.spend_by_tag?.get(0)?.get('a')).toEqual([2, 3, 0]);
  });

  it('puts an observation into the first bucket whose bound it does not exceed, else into the last', () => {
    const delta = new Delta();
    for (const seconds of [0, 1, 1.5, 5, 5.1]) delta.observe('request_duration', 'm', BOUNDS, seconds);
    expect(delta.histograms.request_duration?.get('m')?.buckets).toEqual([2, 1, 1, 1]);
  });

  it('adds 0 to a counter for a negative amount', () => {
    const delta = new Delta();
    delta.count('spend_usd', ['m'], -3);
    expect(delta.counters.spend_usd?.get('m')?.value).toEqual([0, 0]);
  });
});
