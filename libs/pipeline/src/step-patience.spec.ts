import { describe, expect, it } from '@jest/globals';
import { tooSlow } from './step-patience.js';

const step = (size: number) => ({ since: 1_000_000, size });
const at = (seconds: number) => 1_000_000 + seconds * 1_000;

describe('W11: the patience with a step', () => {
  it.each([
    [10, false, 29, null],
    [10, false, 31, /a step of 10 changes has not been stored for 30 s/],
    [1_000_000, false, 229, null],
    [1_000_000, false, 231, /1000000 changes .* 230 s/],
    [1_000_000, true, 7, null],
    [1_000_000, true, 9, /out of reach for 8 s/],
  ] as const)('of %d changes, blocked: %s, after %d s: %s', (size, blocked, seconds, expected) => {
    const said = tooSlow(step(size), blocked, at(seconds));
    if (expected === null) expect(said).toBeNull();
    else expect(said).toMatch(expected);
  });

  it('is no matter where none is under way', () => {
    expect(tooSlow(null, true, at(3_600))).toBeNull();
  });
});
