import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Figure } from './bench.js';
import { figureResult, spreadOf } from './spread.js';

const figure: Figure = { name: 'catch-up', unit: 'rows/s', better: 'more', target: null };

describe('a spread', () => {
  it('has the middle value of an odd number of values, and the mean of the two middle ones of an even number', () => {
    expect(spreadOf([3, 1, 2])).toEqual({ median: 2, least: 1, greatest: 3 });
    expect(spreadOf([4, 1, 2, 3])).toEqual({ median: 2.5, least: 1, greatest: 4 });
  });

  it('does not depend on the order of the values', () => {
    const values = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 });
    fc.assert(fc.property(values, (some) => expect(spreadOf(some.toReversed())).toEqual(spreadOf(some))));
  });

  it('refuses what is no measurement', () => {
    expect(() => spreadOf([])).toThrow('no spread');
    expect(() => spreadOf([1, Number.NaN])).toThrow('no spread');
  });
});

describe('the result of a figure', () => {
  it('takes the ratio in each round, so that noise which strikes both cancels out', () => {
    const pairs = [
      { ours: 90, peer: 100 },
      { ours: 9, peer: 10 },
      { ours: 900, peer: 1000 },
    ];
    expect(figureResult(figure, pairs).ratio).toEqual({ median: 0.9, least: 0.9, greatest: 0.9 });
  });

  it('has no ratio where there is no peer', () => {
    expect(figureResult(figure, [{ ours: 1 }, { ours: 2 }])).toEqual({
      unit: 'rows/s',
      ours: { median: 1.5, least: 1, greatest: 2 },
    });
  });

  it('refuses rounds of which only some have a peer', () => {
    expect(() => figureResult(figure, [{ ours: 1 }, { ours: 1, peer: 1 }])).toThrow('only some rounds');
  });
});
