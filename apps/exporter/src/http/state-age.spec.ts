import type { FigureName } from '@app/aggregates';
import { describe, expect, it } from '@jest/globals';
import { ageOf } from './state-age.js';

const state = (clock: number, followedUntil?: number) => ({
  clock,
  figure: (name: FigureName) => (name === 'followed_until' ? followedUntil : undefined),
});

describe('the age of a state', () => {
  it('is told from when its stream was last seen open, though its windows moved on', () => {
    expect(ageOf(state(90_000, 30_000), 100_000)).toBe(70_000);
  });

  it('is told from its clock until a stream was open, and never below 0', () => {
    expect(ageOf(state(90_000), 100_000)).toBe(10_000);
    expect(ageOf(state(90_000, 100_500), 100_000)).toBe(0);
  });
});
