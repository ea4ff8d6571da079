import { describe, expect, it } from '@jest/globals';
import { counted, read, SETTINGS, spend } from '../../../test/support/given-pipeline.js';
import { endOfSeed, iso, oldState, SEED_TIMES, seeding } from '../../../test/support/given-seed.js';
import { seedStarts } from './seed-inheritance.js';
import type { AggregateSettings } from './settings.js';
import type { AggregateState } from './state.js';

const { HOUR, DAY, NOW } = SEED_TIMES;

describe('a seed in place of a state of other settings', () => {
  const windows = (spend: number): AggregateSettings => ({ ...SETTINGS, windows: { ...SETTINGS.windows, spend } });

  it('counters go on, and so do histograms whose bounds are the same', () => {
    const old = oldState(HOUR);
    const state = endOfSeed(
      seeding({ settings: { ...SETTINGS, ttftBuckets: [7] }, before: old.state, lastCommitTime: NOW }),
      null,
    );
    expect(counted(state, 'requests_processed', 'gpt-5', 'success')).toBe(1);
    expect([...state.histograms('request_duration')].map(({ labels }) => labels)).toEqual([['gpt-5']]);
    const others = { ...SETTINGS, durationBuckets: [9] };
    const changed = endOfSeed(seeding({ settings: others, before: old.state, lastCommitTime: NOW }), null);
    expect([...changed.histograms('request_duration')]).toEqual([]);
    expect(counted(changed, 'requests_processed', 'gpt-5', 'success')).toBe(1);
  });

  it('old buckets are kept in the new widths, as far as the new window reaches', () => {
    const old = oldState(29 * DAY, 20 * DAY, 5 * DAY, 5 * DAY - HOUR);
    const kept = (spend: number): unknown => {
      const state = endOfSeed(seeding({ settings: windows(spend), before: old.state, lastCommitTime: NOW }), NOW, true);
      return [read(state, 'spend_by_model', 'gpt-5')?.rows, read(state, 'spend_by_key', 'key-1')?.rows];
    };
    expect(kept(7 * DAY)).toEqual([2, 4]);
    expect(kept(30 * DAY)).toEqual([4, 4]);
    expect(kept(120 * DAY)).toEqual([4, 4]);
    expect(kept(HOUR)).toEqual([undefined, 4]);
  });

  it('says how far back the wider window reaches', () => {
    const covered = (spend: number, oldest: number): number => {
      const old = endOfSeed(seeding({ now: NOW - 40 * DAY }), NOW - 100 * DAY);
      const state = endOfSeed(seeding({ settings: windows(spend), before: old, lastCommitTime: NOW }), oldest, true);
      return Math.round(state.window('S').covered / DAY);
    };
    expect(covered(30 * DAY, NOW - DAY)).toBe(30);
    expect(covered(20 * DAY, NOW - DAY)).toBe(20);
    // The old state had thirty days, the table has one.
    expect(covered(60 * DAY, NOW - DAY)).toBe(30);
  });

  it('tags that are left out now are not carried over', () => {
    const old = oldState();
    old.now = NOW - 10 * DAY;
    old.step([spend({ startTime: iso(old.now), endTime: iso(old.now), request_tags: '["internal","prod"]' })]);
    const settings = { ...SETTINGS, tagExclude: /^internal$/ };
    const state = endOfSeed(seeding({ settings, before: old.state, lastCommitTime: NOW }), NOW, true);
    expect([...state.series('spend_by_tag')].map((series) => series.key)).toEqual([['prod']]);
  });

  it('remembers since when its settings are in force, and when new seeds began', () => {
    const first = endOfSeed(seeding({ now: NOW - 3 }), null);
    const second = endOfSeed(seeding({ before: first, now: NOW - 2 }), null);
    const third = endOfSeed(seeding({ before: second, settings: windows(DAY), now: NOW - 1 }), null);
    const since = (state: AggregateState): unknown => state.figure('settings_since');
    expect([first, second, third].map(since)).toEqual([NOW - 3, NOW - 3, NOW - 1]);
    expect([first, second, third].map(seedStarts)).toEqual([[], [NOW - 2], [NOW - 2, NOW - 1]]);
    let last = third;
    for (let seed = 0; seed < 20; seed++) last = endOfSeed(seeding({ before: last, now: NOW + seed }), null);
    expect(seedStarts(last)).toEqual([12, 13, 14, 15, 16, 17, 18, 19].map((seed) => NOW + seed));
  });
});
