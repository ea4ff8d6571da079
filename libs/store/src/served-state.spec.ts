import { setImmediate as nextTurn } from 'node:timers/promises';
import { AggregateState } from '@app/aggregates';
import { describe, expect, it } from '@jest/globals';
import { checkpointAt, SETTINGS, StepMaker } from '../../../test/contracts/state-steps.js';
import { ServedState } from './served-state.js';

const MANY = 30_000;

function given() {
  const maker = new StepMaker();
  const state = new AggregateState(SETTINGS);
  for (const record of maker.state.dump(1_000)) state.apply(record);
  const served = new ServedState();
  served.replace({ state, checkpoint: checkpointAt(maker.next) });
  return { maker, state, served };
}

/** How many series a reader sees who comes in this turn. */
async function seen(state: AggregateState): Promise<number> {
  while (state.changing !== null) await state.changing;
  const release = state.hold();
  try {
    return [...state.series('spend_by_tag')].length;
  } finally {
    release();
  }
}

describe('the state that is served', () => {
  it('W6: shows a large step whole or not at all, to whoever comes while it is applied', async () => {
    const { maker, state, served } = given();
    const step = maker.take(maker.largeRecord(MANY));
    const readers = [seen(state)];
    let turns = 0;
    let done = false;
    const advanced = served.advance(state, [step.record], step.checkpoint).finally(() => {
      done = true;
    });
    while (!done) {
      if (state.changing !== null) turns += 1;
      readers.push(seen(state));
      await nextTurn();
    }
    expect(await advanced).toBe(true);
    expect(turns).toBeGreaterThan(3);
    expect(new Set(await Promise.all(readers))).toEqual(new Set([0, MANY]));
  });

  it('W6: refuses to be held while half of a step is in it', async () => {
    const { maker, state, served } = given();
    const advanced = served.advance(state, [maker.largeRecord(MANY)], checkpointAt(2_000));
    while (state.changing === null) await nextTurn();
    expect(() => state.hold()).toThrow(/half of a step/);
    await advanced;
    state.hold()();
  });

  it('W6: state and checkpoint belong together once it is whole', async () => {
    const { maker, state, served } = given();
    const step = maker.take(maker.largeRecord(MANY));
    const advanced = served.advance(state, [step.record], step.checkpoint);
    while (state.changing === null) await nextTurn();
    await served.whole();
    expect([served.state?.version, served.checkpoint]).toEqual([step.record.version, step.checkpoint]);
    await advanced;
  });

  it('does not put back a state whose place was taken while a step was applied to it', async () => {
    const { maker, state, served } = given();
    const advanced = served.advance(state, [maker.largeRecord(MANY)], checkpointAt(2_000));
    while (state.changing === null) await nextTurn();
    const other = { state: new AggregateState(SETTINGS), checkpoint: checkpointAt(5_000) };
    served.replace(other);
    expect(await advanced).toBe(false);
    expect([served.state, served.checkpoint]).toEqual([other.state, other.checkpoint]);
  });

  it('W6: is served no more where a record could not be applied, not even to who waits for the end of it', async () => {
    const { maker, state, served } = given();
    const large = maker.largeRecord(MANY);
    const pairs = { spend_by_tag: [...(large.pairs.spend_by_tag ?? []), null] };
    const strange = { ...large, pairs } as unknown as typeof large;
    const advanced = served.advance(state, [strange], checkpointAt(0x2000));
    advanced.catch(() => undefined);
    while (state.changing === null) await nextTurn();
    const reading = seen(state);
    reading.catch(() => undefined);
    await expect(advanced).rejects.toThrow(/the step up to 0\/2000 could not be applied to the state in memory/);
    expect([served.state, served.checkpoint]).toEqual([null, null]);
    expect(state.changing).toBeNull();
    await expect(reading).rejects.toThrow(/half of a step/);
  });
});
