import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { contentOf } from '../../../test/contracts/state-content.js';
import { SETTINGS, StepMaker } from '../../../test/contracts/state-steps.js';
import { stepIdeas } from '../../../test/contracts/state-store.contract.js';
import { AggregateState, applyInTurns, type StateRecord } from './index.js';

describe('records that are applied in turns', () => {
  it('W6: come to the same as in one', async () => {
    const steps = fc.array(stepIdeas, { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 0, max: 3_000 }), async (ideas, series) => {
        const maker = new StepMaker();
        const state = new AggregateState(SETTINGS);
        for (const record of maker.state.dump(500)) state.apply(record);
        const records: StateRecord[] = ideas.map((idea) => maker.step(idea).record);
        records.push(maker.take(maker.largeRecord(series)).record);
        await applyInTurns(state, records);
        expect(contentOf(state)).toEqual(contentOf(maker.state));
      }),
      { numRuns: 20 },
    );
  });

  it('take no turn more than they need', async () => {
    const { record } = new StepMaker().step({ rows: [{ kind: 'requests', key: 1, age: 0, sum: 0 }] });
    const state = new AggregateState(SETTINGS);
    void applyInTurns(state, [record]);
    expect([...state.series('requests')]).toHaveLength(1);
  });

  it('W9: let others work in between, where they are many', async () => {
    const maker = new StepMaker();
    const record = maker.largeRecord(200_000);
    const state = new AggregateState(SETTINGS);
    let others = 0;
    const applied = { done: false };
    const work = (): void => {
      others += 1;
      if (!applied.done) setImmediate(work);
    };
    setImmediate(work);
    await applyInTurns(state, [record]);
    applied.done = true;
    expect(others).toBeGreaterThan(10);
    expect([...state.series('spend_by_tag')]).toHaveLength(200_000);
  });
});
