import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CappedSamples } from './cardinality.js';
import { Sample } from './sample.js';

type Row = readonly [model: string, status: string, value: number];

function capped(rows: readonly Row[], cap: number, additive: 'fold' | 'drop' = 'fold') {
  const samples = new CappedSamples({ labels: ['model', 'status'], realLabels: ['status'], additive }, cap);
  for (const [model, status, value] of rows) samples.add(new Sample([model, status], value));
  return samples;
}

function shown(samples: CappedSamples) {
  return samples.result().map(({ values, value }) => [...values, value]);
}

describe('the cap on series', () => {
  it('folds the smallest into other and keeps the status real', () => {
    const samples = capped(
      [
        ['a', 'success', 5],
        ['b', 'success', 1],
        ['c', 'failure', 2],
        ['d', 'success', 9],
        ['e', 'failure', 3],
      ],
      4,
    );
    expect(shown(samples)).toHaveLength(4);
    expect(shown(samples)).toEqual(
      expect.arrayContaining([
        ['d', 'success', 9],
        ['a', 'success', 5],
      ]),
    );
    expect(shown(samples)).toEqual(
      expect.arrayContaining([
        ['other', 'success', 1],
        ['other', 'failure', 5],
      ]),
    );
    expect(samples.folded).toBe(3);
  });

  it('touches nothing up to the cap, and nothing at all without one', () => {
    const rows: Row[] = [
      ['a', 's', 1],
      ['b', 's', 2],
    ];
    expect(shown(capped(rows, 2))).toEqual([...rows]);
    expect(shown(capped(rows, 0))).toEqual([...rows]);
    expect(capped(rows, 2).folded).toBe(0);
  });

  it('drops what comes too late where sums mean nothing', () => {
    const samples = capped(
      [
        ['a', 's', 1],
        ['b', 's', 9],
        ['c', 's', 8],
      ],
      1,
      'drop',
    );
    expect(shown(samples)).toEqual([['a', 's', 1]]);
    expect(samples.folded).toBe(2);
  });

  it('adds to a series that is called other already instead of showing it twice', () => {
    const samples = capped(
      [
        ['other', 's', 100],
        ['a', 's', 3],
        ['b', 's', 2],
        ['c', 's', 1],
      ],
      2,
    );
    expect(shown(samples)).toEqual([
      ['a', 's', 3],
      ['other', 's', 103],
    ]);
  });

  it('leaves out what is not finite', () => {
    expect(
      shown(
        capped(
          [
            ['a', 's', Number.NaN],
            ['b', 's', Number.POSITIVE_INFINITY],
            ['c', 's', 0],
          ],
          5,
        ),
      ),
    ).toEqual([['c', 's', 0]]);
  });

  it('keeps the sum of every status right, no series twice, the largest ones, and at most cap of them', () => {
    const row = fc.tuple(
      fc.nat(40).map(String),
      fc.constantFrom('success', 'failure'),
      fc.integer({ min: -50, max: 50 }),
    );
    const distinct = fc.uniqueArray(row, { selector: ([model, status]) => `${model}/${status}`, maxLength: 60 });
    fc.assert(
      fc.property(distinct, fc.integer({ min: 2, max: 20 }), (rows, cap) => {
        const samples = capped(rows, cap);
        const result = shown(samples) as [string, string, number][];
        for (const status of ['success', 'failure']) {
          const sum = (all: readonly Row[]) => all.filter((one) => one[1] === status).reduce((s, one) => s + one[2], 0);
          expect(sum(result)).toBe(sum(rows));
        }
        expect(result.length).toBeLessThanOrEqual(cap);
        expect(new Set(result.map(([model, status]) => `${model}/${status}`)).size).toBe(result.length);
        const others = result.filter(([model]) => model === 'other').length;
        expect(result.length - others + samples.folded).toBe(rows.length);
        const kept = result.filter(([model]) => model !== 'other').map(([, , value]) => value);
        const largest = rows.map(([, , value]) => value).sort((one, other) => other - one);
        expect(kept.sort((one, other) => other - one)).toEqual(largest.slice(0, kept.length));
      }),
    );
  });
});
