import type { SpendFact } from '@app/litellm';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SETTINGS } from '../../../test/support/given-pipeline.js';
import { at, SEED_TIMES } from '../../../test/support/given-seed.js';
import { AlikeRows } from './alike-rows.js';
import { Delta } from './delta.js';
import { type FoldOrigin, SpendFold } from './fold.js';

const { HOUR, NOW } = SEED_TIMES;
const MINUTE = 60_000;
const ORIGIN: FoldOrigin = { from: 'seed', snapshotTime: NOW, countersSince: null };
const WINDOWS = { ...SETTINGS, windows: { spend: 7 * 24 * HOUR, request: 6 * HOUR, error: HOUR } };

function foldOf(): SpendFold {
  const fold = new SpendFold(WINDOWS);
  fold.moveClock(NOW);
  return fold;
}

/** What a delta holds, with sums rounded to what the contract promises. */
function contentOf({ rows, series }: Delta): unknown {
  const kinds = Object.entries(series).map(([kind, buckets]) => [
    kind,
    [...buckets].flatMap(([bucket, entries]) =>
      [...entries].map(([text, values]) => `${bucket} ${text} ${values.map((value) => value.toPrecision(12)).join()}`),
    ),
  ]);
  return { rows, ...Object.fromEntries(kinds.map(([kind, lines]) => [kind, (lines as string[]).sort()])) };
}

const traits = [
  at(0),
  at(0, { model: 'other', tags: ['a', 'b'], cache: 'hit' }),
  at(0, { status: 'failure', errorType: 'Timeout' }),
  at(0, { user: '', teamId: '', organizationId: '' }),
];
const row = fc.record({
  traits: fc.constantFrom(...traits),
  // Around every edge: of the windows by their start, of buckets, and ahead of the clock.
  age: fc.oneof(
    fc.integer({ min: -10 * MINUTE, max: 2 * HOUR }),
    fc.integer({ min: -HOUR, max: 9 * 24 * HOUR }),
    fc.integer({ min: 25 * 24 * HOUR, max: 32 * 24 * HOUR }),
  ),
  cents: fc.integer({ min: -100, max: 1e9 }),
  tokens: fc.nat(1e6),
});

describe('rows that are alike', () => {
  it('W8: come to the same as each by itself, in whatever order they come', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 60 }), (rows) => {
        const fold = foldOf();
        const single = new Delta();
        const gathered = new Delta();
        const alike = new AlikeRows(fold);
        for (const { traits: common, age, cents, tokens } of rows) {
          const startTime = NOW - age;
          const spend = cents / 1e4;
          const measures: SpendFact = { ...common, startTime, endTime: startTime, spend, totalTokens: tokens };
          if (fold.standsAlone(measures, ORIGIN)) continue;
          fold.add(single, { teams: new Map(), keys: new Map() }, measures, ORIGIN);
          alike.add(gathered, common, measures);
        }
        alike.flush(gathered);
        expect(contentOf(gathered)).toEqual(contentOf(single));
      }),
      { numRuns: 300 },
    );
  });

  it('W6: leave nothing behind once they are forgotten', () => {
    const alike = new AlikeRows(foldOf());
    const delta = new Delta();
    const one = at(NOW - HOUR);
    alike.add(delta, one, one);
    alike.forget();
    alike.add(delta, one, { ...one, spend: 2 });
    alike.flush(delta);
    alike.flush(delta);
    expect(delta.rows).toBe(1);
    const [values] = [...(delta.series.spend_by_model?.values().next().value?.values() ?? [])];
    expect(values?.slice(0, 3)).toEqual([1, 2, 0]);
  });

  it('W9: are bounded where no two have the same traits', () => {
    const alike = new AlikeRows(foldOf());
    const delta = new Delta();
    for (let number = 0; number < 20_000; number++) {
      const one = at(NOW - HOUR, { spend: 0.5 });
      alike.add(delta, one, one);
    }
    expect(delta.rows).toBe(16_384);
    alike.flush(delta);
    expect(delta.rows).toBe(20_000);
  });
});
