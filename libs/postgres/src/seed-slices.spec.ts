import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { afterLoss, afterSlice, etaSeconds, nextSlice, planSlices, type Slice, shareOf } from './seed-slices.js';

const HOUR = 3_600_000;

describe('slices', () => {
  it('cover every time from `since` on once, whatever reads take and however often they are lost', () => {
    const outcome = fc.oneof(fc.constant('lost' as const), fc.double({ min: 0, max: 5_000, noNaN: true }));
    fc.assert(
      fc.property(fc.nat(90 * 24 * HOUR), fc.array(outcome, { maxLength: 60 }), (span, outcomes) => {
        const since = 1_700_000_000_000;
        let plan = planSlices(since, since + span);
        const read: Slice[] = [];
        for (let step = 0; !plan.done; step += 1) {
          const result = outcomes[step] ?? 100;
          if (result === 'lost') {
            plan = afterLoss(plan) ?? afterSlice(plan, 100);
            if (plan.losses === 0)
              read.push({ from: read.at(-1)?.until ?? since, until: plan.done ? null : plan.from });
          } else {
            read.push(nextSlice(plan));
            plan = afterSlice(plan, result);
          }
        }
        expect(read[0]?.from).toBe(since);
        expect(read.at(-1)?.until).toBeNull();
        for (const [index, slice] of read.slice(1).entries()) expect(slice.from).toBe(read[index]?.until);
      }),
    );
  });

  it('go towards a second each', () => {
    let plan = planSlices(0, 1_000 * HOUR);
    const speed = 5 * HOUR;
    for (let step = 0; step < 8; step += 1) plan = afterSlice(plan, (plan.length / speed) * 1_000);
    expect(plan.length / speed).toBeGreaterThan(0.9);
    expect(plan.length / speed).toBeLessThan(1.1);
    expect(afterSlice(plan, 4_000).length).toBeLessThan(plan.length / 3);
  });

  it('are halved, down to a millisecond, and at once to what is left of the span', () => {
    const plan = planSlices(0, 100 * HOUR);
    expect(afterLoss(plan)).toMatchObject({ from: 0, length: plan.length / 2, losses: 1 });
    expect(afterLoss({ ...plan, length: 1 })).toBeNull();
    expect(afterLoss({ ...planSlices(0, 999), length: HOUR })).toMatchObject({ length: 500 });
    expect(afterLoss(planSlices(0, 0))).toBeNull();
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
