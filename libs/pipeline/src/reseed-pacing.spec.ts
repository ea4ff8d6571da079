import { describe, expect, it } from '@jest/globals';
import { pauseBeforeSeed } from './reseed-pacing.js';

const HOUR = 3_600_000;

describe('the pace of seeds', () => {
  it('the first goes at once, the next after 10 s, then doubling, at most six an hour', () => {
    const starts: number[] = [];
    const waits: number[] = [];
    let now = 1_000_000;
    for (let seed = 0; seed < 9; seed++) {
      const wait = pauseBeforeSeed(starts, now);
      waits.push(wait / 1000);
      now += wait;
      starts.push(now);
    }
    // Six within 310 s; the seventh waits until the first is an hour old, and so on.
    expect(waits).toEqual([0, 10, 20, 40, 80, 160, 3_290, 320, 20]);
  });

  it('whenever seeds are asked for, never more than six start within an hour', () => {
    const starts: number[] = [];
    for (let now = 0; now < 5 * HOUR; now += 1_000) if (pauseBeforeSeed(starts, now) === 0) starts.push(now);
    for (const start of starts) {
      expect(starts.filter((other) => other >= start && other - start < HOUR).length).toBeLessThanOrEqual(6);
    }
  });

  it('what lies an hour back is forgotten', () => {
    expect(pauseBeforeSeed([0, 1, 2, 3, 4, 5], HOUR + 6)).toBe(0);
  });

  it('waits for what is left of the pause', () => {
    expect(pauseBeforeSeed([1_000], 4_000)).toBe(7_000);
    expect(pauseBeforeSeed([1_000], 11_000)).toBe(0);
  });
});
