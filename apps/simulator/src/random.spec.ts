import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Random } from './random.js';

const numbers = (random: Random): number[] => Array.from({ length: 50 }, () => random.next());

describe('Random', () => {
  it('gives the same numbers for the same seed and others for another', () => {
    expect(numbers(new Random(7))).toEqual(numbers(new Random('7')));
    expect(numbers(new Random(7))).not.toEqual(numbers(new Random(8)));
  });

  it('forks streams that depend on seed and label alone, not on what was drawn before', () => {
    const drawn = new Random(1);
    numbers(drawn);
    expect(numbers(drawn.fork('traffic'))).toEqual(numbers(new Random(1).fork('traffic')));
    expect(numbers(drawn.fork('traffic'))).not.toEqual(numbers(drawn.fork('world')));
  });

  it('keeps to the bounds of whole numbers for every seed', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: -1_000, max: 1_000 }), fc.nat(1_000), (seed, min, width) => {
        const value = new Random(seed).integer(min, min + width);
        expect(Number.isInteger(value) && value >= min && value <= min + width).toBe(true);
      }),
    );
  });

  it('spreads evenly over [0, 1)', () => {
    const random = new Random(3);
    const tenths = new Array<number>(10).fill(0);
    for (let index = 0; index < 20_000; index += 1) {
      const tenth = Math.floor(random.next() * 10);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    for (const count of tenths) expect(Math.abs(count - 2_000)).toBeLessThan(200);
  });

  it('weighs choices, and never takes one of weight 0', () => {
    const random = new Random(4);
    const taken = Array.from({ length: 2_000 }, () =>
      random.weighted([
        [3, 'a'],
        [1, 'b'],
        [0, 'never'],
      ]),
    );
    expect(taken).not.toContain('never');
    expect(taken.filter((value) => value === 'a').length).toBeGreaterThan(1_350);
  });

  it('makes version 4 UUIDs', () => {
    expect(new Random(5).uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});
