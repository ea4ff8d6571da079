import { describe, expect, it } from '@jest/globals';
import type { Figure } from './bench.js';
import { figureResult } from './spread.js';
import { compareResults, verdictOf } from './verdict.js';

const rate: Figure = { name: 'rate', unit: 'rows/s', better: 'more', target: { of: 'ratio', atLeast: 0.8 } };
const time: Figure = { name: 'time', unit: 'ms', better: 'less', target: { of: 'ours', atMost: 50 } };
const of = (figure: Figure, ours: number, peer?: number) =>
  figureResult(figure, [peer === undefined ? { ours } : { ours, peer }]);

describe('a verdict', () => {
  it.each([
    [rate, of(rate, 80, 100), { met: true, shortBy: 0 }],
    [rate, of(rate, 60, 100), { met: false, shortBy: 25 }],
    [time, of(time, 50), { met: true, shortBy: 0 }],
    [time, of(time, 75), { met: false, shortBy: 50 }],
  ])('of %j says whether the target is reached, and how much is lacking', (figure, result, expected) => {
    const verdict = verdictOf(figure, result);
    expect({ met: verdict?.met, shortBy: Math.round(verdict?.shortBy ?? Number.NaN) }).toEqual(expected);
  });

  it('goes by the median, and by the worst round where the target says so', () => {
    const rounds = figureResult(time, [{ ours: 40 }, { ours: 45 }, { ours: 60 }]);
    expect(verdictOf(time, rounds)?.met).toBe(true);
    const worst = { of: 'ours', judged: 'worst' } as const;
    expect(verdictOf({ ...time, target: { ...worst, atMost: 50 } }, rounds)).toEqual({ met: false, shortBy: 20 });
    expect(verdictOf({ ...time, target: { ...worst, atLeast: 50 } }, rounds)).toEqual({ met: false, shortBy: 20 });
  });

  it('is none where nothing is to be reached', () => {
    expect(verdictOf({ ...rate, target: null }, of(rate, 1, 2))).toBeNull();
  });

  it('refuses a target for a ratio that was not measured', () => {
    expect(() => verdictOf(rate, of(rate, 1))).toThrow('no peer was measured');
  });
});

describe('the guard', () => {
  it.each([
    ['more', 100, 81, false],
    ['more', 100, 79, true],
    ['more', 100, 300, false],
    ['less', 100, 124, false],
    ['less', 100, 126, true],
    ['less', 100, 10, false],
  ] as const)('of a ratio where %s is better: from %d to %d fails: %s', (better, then, now, failed) => {
    const figure: Figure = { ...rate, better };
    expect(compareResults(figure, of(figure, then, 100), of(figure, now, 100))?.failed).toBe(failed);
  });

  it('looks at the ratio, however much slower the machine has become', () => {
    expect(compareResults(rate, of(rate, 90, 100), of(rate, 9, 10))?.failed).toBe(false);
  });

  it('leaves alone what has no peer, unless the bench says that our own value is steady', () => {
    expect(compareResults(time, of(time, 10), of(time, 90))).toBeNull();
    expect(compareResults({ ...time, guard: 'ours' }, of(time, 10), of(time, 90))?.failed).toBe(true);
  });
});
