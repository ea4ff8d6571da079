import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { afterLoss, afterSlice, etaSeconds, nextSlice, planSlices, type Slice, shareOf } from './seed-slices.js';

const HOUR = 3_600_000;

/** Times of rows, dense and sparse, several in one millisecond. */
const times = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 50 }), fc.constantFrom(1, 1, 1, 1_000, HOUR)), {
    minLength: 1,
    maxLength: 300,
  })
  .map((gaps) => {
    let time = 1_700_000_000_000;
    return gaps.map(([gap, unit]) => (time += gap * unit));
  });

/** What the index says: the time of the row `rows` rows after `from`. */
function boundIn(all: readonly number[], from: number, rows: number): number | null {
  return all.filter((time) => time >= from)[rows] ?? null;
}

describe('slices', () => {
  it('cover every row from `since` on once, whatever reads take and however often they are lost', () => {
    const outcome = fc.oneof(fc.constant('lost' as const), fc.double({ min: 0, max: 5_000, noNaN: true }));
    fc.assert(
      fc.property(
        times,
        fc.array(outcome, { maxLength: 60 }),
        fc.integer({ min: 1, max: 40 }),
        (all, outcomes, rows) => {
          const since = all[0] as number;
          let plan = { ...planSlices(since, all.at(-1) as number), rows };
          const read: Slice[] = [];
          for (let step = 0; !plan.done; step += 1) {
            const slice = nextSlice(plan, boundIn(all, plan.from, plan.rows));
            const result = outcomes[step] ?? 100;
            const smaller = result === 'lost' ? afterLoss(plan, slice) : null;
            if (smaller === null) read.push(slice);
            plan = smaller ?? afterSlice(plan, slice, result === 'lost' ? 100 : result);
          }
          expect(read[0]?.from).toBe(since);
          expect(read.at(-1)?.until).toBeNull();
          for (const [index, slice] of read.slice(1).entries()) expect(slice.from).toBe(read[index]?.until);
        },
      ),
    );
  });

  it('go towards a second each, however dense the rows are', () => {
    let plan = planSlices(0, 1_000 * HOUR);
    const rowsPerSecond = 300_000;
    const slice = { from: 0, until: 1_000 };
    for (let step = 0; step < 8; step += 1) plan = afterSlice(plan, slice, (plan.rows / rowsPerSecond) * 1_000);
    expect(plan.rows / rowsPerSecond).toBeGreaterThan(0.9);
    expect(plan.rows / rowsPerSecond).toBeLessThan(1.1);
    expect(afterSlice(plan, slice, 4_000).rows).toBeLessThan(plan.rows / 3);
  });

  it('get smaller when lost, down to a row or a millisecond', () => {
    const plan = planSlices(0, 100 * HOUR);
    expect(afterLoss(plan, { from: 0, until: HOUR })).toMatchObject({ from: 0, rows: plan.rows / 4, losses: 1 });
    expect(afterLoss(plan, null)).toMatchObject({ from: 0, rows: plan.rows / 4 });
    expect(afterLoss({ ...plan, rows: 1 }, { from: 0, until: HOUR })).toBeNull();
    expect(afterLoss(plan, { from: 5, until: 6 })).toBeNull();
  });

  it('tell share and remaining time as soon as that can be said', () => {
    const plan = { ...planSlices(0, 100), from: 25 };
    expect(shareOf(plan, 0)).toBe(0.25);
    expect(shareOf({ ...plan, done: true }, 0)).toBe(1);
    expect(shareOf(planSlices(5, 5), 5)).toBe(0);
    expect(etaSeconds(0.25, 10_000)).toBe(30);
    expect(etaSeconds(0.25, 10)).toBeNull();
    expect(etaSeconds(0, 10_000)).toBeNull();
    expect(etaSeconds(1, 10_000)).toBe(0);
  });
});
