import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { addExact, addExactAt, EXACT_ZERO } from './exact-sum.js';

describe('exact sums', () => {
  it('what was added and removed again leaves nothing behind', () => {
    const spend = fc.double({ min: 0, max: 1e6, noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(fc.array(spend, { maxLength: 200 }), fc.array(spend, { maxLength: 200 }), (kept, removed) => {
        const values = new Float64Array(2);
        for (const value of [...kept, ...removed]) addExactAt(values, 0, value, 0);
        for (const value of removed) addExactAt(values, 0, -value, 0);
        let expected = EXACT_ZERO;
        for (const value of kept) expected = addExact(expected, value, 0);
        expect(values[0]).toBeCloseTo(expected[0], 9);
        expect(Math.abs((values[0] as number) - expected[0])).toBeLessThanOrEqual(1e-15 * Math.max(1, expected[0]));
      }),
    );
  });

  it('ten million small amounts beside a large one keep every digit of the contract', () => {
    const values = new Float64Array(2);
    addExactAt(values, 0, 1e9, 0);
    for (let row = 0; row < 10_000_000; row++) addExactAt(values, 0, 1e-7, 0);
    addExactAt(values, 0, -1e9, 0);
    expect(Math.abs((values[0] as number) - 1)).toBeLessThan(1e-12);
  });
});
