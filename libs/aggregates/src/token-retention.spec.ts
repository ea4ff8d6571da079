import { describe, expect, it } from '@jest/globals';
import { remove, update } from '../../../test/support/fake-postgres.js';
import { key } from '../../../test/support/fake-state.js';
import { read, spend } from '../../../test/support/given-pipeline.js';
import { endOfSeed, oldState, SEED_TIMES, seeding } from '../../../test/support/given-seed.js';
import { GivenSteps } from '../../../test/support/given-steps.js';

const { HOUR, DAY, NOW } = SEED_TIMES;
/** Key spend's window, one bucket of it, and ROW_MAX_AGE. */
const NEEDED = 31 * DAY + 6 * HOUR;

function rotate(steps: GivenSteps, old: string, current: string): void {
  steps.step([update('key', { token: current, key_name: 'sk', spend: 0 }, { token: old })]);
}

function known(steps: GivenSteps): string[] {
  return Array.from(steps.state.entities.replacedTokens(), ([old]) => old).sort();
}

/** Lets time pass in hours, as a writer that goes on does. */
function pass(steps: GivenSteps, milliseconds: number): void {
  for (let left = milliseconds; left > 0; left -= 12 * HOUR) steps.tick(Math.min(left, 12 * HOUR));
}

describe('replaced tokens', () => {
  it('W9: a key that is rotated every day leaves no more than those of the last weeks', () => {
    const steps = new GivenSteps({}, NOW);
    for (let day = 0; day < 200; day++) {
      rotate(steps, `key-${day}`, `key-${day + 1}`);
      pass(steps, DAY);
    }
    expect(known(steps).length).toBeLessThanOrEqual(33);
    expect(steps.state.entities.keyOfToken('key-199')?.token).toBe('key-200');
  });

  it('are known as long as a row of theirs is in the window, and a day more after the last that may come', () => {
    const steps = oldState();
    rotate(steps, 'key-1', 'key-2');
    pass(steps, 20 * DAY);
    const time = new Date(steps.now).toISOString();
    steps.step([spend({ startTime: time, endTime: time, api_key: 'key-1' })]);
    pass(steps, 29 * DAY);
    expect(steps.state.entities.keyOfToken('key-1')?.token).toBe('key-2');
    expect(read(steps.state, 'spend_by_key', 'key-1')?.rows).toBe(1);
    pass(steps, 3 * DAY);
    expect(known(steps)).toEqual([]);
  });

  it('without rows are known until none can come that counts', () => {
    const steps = new GivenSteps({}, NOW);
    rotate(steps, 'old', 'new');
    pass(steps, NEEDED - DAY);
    expect(known(steps)).toEqual(['old']);
    pass(steps, 2 * DAY);
    expect(known(steps)).toEqual([]);
  });

  it('are known where a needed one leads on through them, or LiteLLM names them', () => {
    const steps = oldState();
    rotate(steps, 'key-1', 'key-2');
    pass(steps, 25 * DAY);
    rotate(steps, 'key-2', 'key-3');
    const time = new Date(steps.now).toISOString();
    steps.step([
      spend({ startTime: time, endTime: time, api_key: 'key-1' }),
      update('deprecated_key', { id: '1', token: 'grace', active_token_id: 'key-3' }),
    ]);
    pass(steps, 29 * DAY);
    expect(known(steps)).toEqual(['grace', 'key-1', 'key-2']);
    pass(steps, 3 * DAY);
    expect(known(steps)).toEqual(['grace']);
    steps.step([remove('deprecated_key', { id: '1' })]);
    pass(steps, DAY);
    expect(known(steps)).toEqual([]);
  });

  it('a new seed keeps them, and since when they are known', () => {
    const steps = oldState();
    steps.now = NOW - 20 * DAY;
    steps.fold.moveClock(steps.now);
    rotate(steps, 'key-1', 'key-2');
    const fold = seeding({ before: steps.state, lastCommitTime: NOW });
    fold.entities([key('key-2')]);
    const state = endOfSeed(fold, null);
    expect([...state.entities.replacedTokens()]).toEqual([['key-1', 'key-2', NOW - 20 * DAY]]);
  });
});
