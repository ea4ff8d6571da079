import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { FakeState } from '../../../test/support/fake-state.js';
import { pauseBeforeSeed } from './reseed-pacing.js';
import { pauseBeforeSettings, SeedPlan } from './seed-plan.js';

const MINUTE = 60_000;
const NOW = 1_000 * MINUTE;
const OWN = new FakeState().settings;
const OTHER = { ...OWN, maxSeries: 7 };

/** A state made under other settings, which came into force at `since`, after re-seeds at the given times. */
function stored(since: number, ...starts: number[]): FakeState {
  return new FakeState({ figures: { settings_since: since, seed_starts: starts.join(',') } });
}

function plan(settings = OTHER): SeedPlan {
  return new SeedPlan({ settings, pace: pauseBeforeSeed });
}

describe('settings that differ from the stored ones', () => {
  it.each([
    ['of a process that began later: the newer roll-out, or the way back', { since: 0, began: 1 }, 0],
    ['of a process that began before: what a roll-out leaves behind', { since: NOW - MINUTE, began: 0 }, 9 * MINUTE],
    ['of a process that began at that very moment', { since: NOW, began: NOW }, 10 * MINUTE],
    ['of a process that began before, ten minutes later', { since: NOW - 10 * MINUTE, began: 0 }, 0],
    ['of a process that began before, much later', { since: NOW - 100 * MINUTE, began: 0 }, 0],
  ])('%s', (_whose, times, expected) => {
    expect(pauseBeforeSettings({ ...times, now: NOW })).toBe(expected);
  });

  it('are due at once for a process that is newer than they are, and never where there are none', () => {
    expect(plan().pauseBeforeOwnSettings(stored(NOW - MINUTE), NOW)).toBe(0);
    expect(plan(OWN).pauseBeforeOwnSettings(stored(NOW - MINUTE), NOW)).toBeNull();
    expect(plan().pauseBeforeOwnSettings(null, NOW)).toBeNull();
  });

  it('count for every seed only once they are due: a lost slot does not turn newer ones back', async () => {
    const old = plan();
    await pause(5);
    expect(old.settings(stored(NOW - 1), NOW)).toEqual(OWN);
    expect(old.settings(stored(NOW - 10 * MINUTE), NOW)).toEqual(OTHER);
    expect(old.settings(null, NOW)).toEqual(OTHER);
  });

  it('keep to the pace of seeds, whoever took the last ones', () => {
    const crowded = [5, 4, 3, 2, 1].map((ago) => NOW - ago * MINUTE);
    // The fifth was followed by 160 s.
    expect(plan().pauseBeforeOwnSettings(stored(0, ...crowded), NOW)).toBe(100_000);
    expect(plan().pauseBeforeOwnSettings(stored(0), NOW)).toBe(0);
  });
});

describe('the pace of seeds', () => {
  it('counts those that this process began and those that the state remembers, each once, for an hour', () => {
    const asked: (readonly number[])[] = [];
    const own = new SeedPlan({ settings: OWN, pace: (starts) => asked.push(starts) * 0 });
    own.begin(NOW - 2 * MINUTE);
    own.pause(stored(0, NOW - 61 * MINUTE, NOW - 3 * MINUTE, NOW - 2 * MINUTE), NOW);
    own.pause(null, NOW + 59 * MINUTE);
    expect(asked).toEqual([[NOW - 3 * MINUTE, NOW - 2 * MINUTE], []]);
  });

  it('the first seed of a process that succeeds is not held against the next, one that broke off is', () => {
    const own = plan();
    own.begin(NOW);
    expect(own.pause(null, NOW)).toBe(10_000);
    own.begin(NOW + 10_000);
    own.done();
    expect(own.pause(null, NOW + 10_000)).toBe(0);
    own.begin(NOW + 11_000);
    own.done();
    expect(own.pause(null, NOW + 11_000)).toBe(10_000);
  });
});
