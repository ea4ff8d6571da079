import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  afterLoss,
  afterSlice,
  etaSeconds,
  FAR_FUTURE,
  nextSlice,
  planSlices,
  type Slice,
  type SliceEnd,
  shareOf,
} from './seed-slices.js';

const HOUR = 3_600_000;

/** Times of rows in microseconds, dense and sparse, several of one time, and some of a far future. */
const times = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 50 }), fc.constantFrom(0, 1, 1, 1_000, HOUR * 1_000, FAR_FUTURE)), {
    minLength: 1,
    maxLength: 300,
  })
  .map((gaps) => {
    let time = 1_700_000_000_000_000;
    return gaps.map(([gap, unit]) => (time += gap * unit));
  });

/** What the server gives of a slice, as `FETCH FIRST … WITH TIES` does. */
function readFrom(all: readonly number[], { from, rows }: Slice): number[] {
  const rest = all.filter((time) => time >= from);
  if (rows === null) return rest;
  const near = rest.filter((time) => time < FAR_FUTURE);
  const last = near[rows - 1];
  return last === undefined ? near : near.filter((time) => time <= last);
}

function endOf(times: readonly number[], { rows }: Slice): SliceEnd {
  return { last: times.at(-1) ?? null, full: rows !== null && times.length >= rows };
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
          const since = (all[0] as number) / 1_000;
          let plan = { ...planSlices(since, (all.at(-1) as number) / 1_000), rows };
          const read: number[] = [];
          for (let step = 0; !plan.done; step += 1) {
            const slice = nextSlice(plan);
            const result = outcomes[step] ?? 100;
            const smaller = result === 'lost' ? afterLoss(plan, slice) : null;
            const found = readFrom(all, slice);
            if (smaller === null) read.push(...found);
            plan = smaller ?? afterSlice(plan, slice, endOf(found, slice), result === 'lost' ? 100 : result);
          }
          expect(read).toEqual(all);
        },
      ),
    );
  });

  it('go towards a second each, however dense the rows are', () => {
    let plan = planSlices(0, 1_000 * HOUR);
    const rowsPerSecond = 300_000;
    const slice = { from: 0, rows: 1_000 };
    const end = { last: 1, full: true };
    for (let step = 0; step < 8; step += 1) plan = afterSlice(plan, slice, end, (plan.rows / rowsPerSecond) * 1_000);
    expect(plan.rows / rowsPerSecond).toBeGreaterThan(0.9);
    expect(plan.rows / rowsPerSecond).toBeLessThan(1.1);
    expect(afterSlice(plan, slice, end, 4_000).rows).toBeLessThan(plan.rows / 3);
  });

  it('get smaller when lost, down to a row and those of its time', () => {
    const plan = planSlices(0, 100 * HOUR);
    expect(afterLoss(plan, nextSlice(plan))).toMatchObject({ from: 0, rows: plan.rows / 4, losses: 1 });
    expect(afterLoss({ ...plan, rows: 1 }, { from: 0, rows: 1 })).toBeNull();
    expect(afterLoss(plan, { from: FAR_FUTURE, rows: null })).toBeNull();
  });

  it('tell share and remaining time as soon as that can be said', () => {
    const plan = { ...planSlices(0, 100), from: 25_000 };
    expect(shareOf(plan, 0)).toBe(0.25);
    expect(shareOf({ ...plan, done: true }, 0)).toBe(1);
    for (const from of [plan.last, FAR_FUTURE]) {
      expect(`${(100 * shareOf({ ...plan, from }, 0)).toFixed(1)} %`).toBe('99.9 %');
    }
    expect(shareOf(planSlices(5, 5), 5)).toBe(0);
    expect(etaSeconds(0.25, 10_000)).toBe(30);
    expect(etaSeconds(0.25, 10)).toBeNull();
    expect(etaSeconds(0, 10_000)).toBeNull();
    expect(etaSeconds(1, 10_000)).toBe(0);
  });
});
