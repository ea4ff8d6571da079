import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { contentOf } from '../../../test/contracts/state-content.js';
import { SETTINGS, StepMaker } from '../../../test/contracts/state-steps.js';
import { stepIdeas } from '../../../test/contracts/state-store.contract.js';
import { AggregateState, emptyRecord, itemsOf, slicesOf } from './index.js';

describe('slices of a record', () => {
  it('hold no more things than they may, and come to the same as the record, whatever it holds', () => {
    const steps = fc.array(stepIdeas, { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 12 }), (ideas, items) => {
        const maker = new StepMaker();
        const whole = new AggregateState(SETTINGS);
        const sliced = new AggregateState(SETTINGS);
        for (const idea of ideas) {
          const { record } = maker.step(idea);
          whole.apply(record);
          const slices = [...slicesOf(record, items)];
          for (const slice of slices) sliced.apply(slice);
          expect(Math.max(...slices.map(itemsOf))).toBeLessThanOrEqual(items);
          expect(slices.reduce((sum, slice) => sum + itemsOf(slice), 0)).toBe(itemsOf(record));
        }
        expect(contentOf(sliced)).toEqual(contentOf(whole));
      }),
    );
  });

  it('forget replaced tokens as the record does', () => {
    const whole = new AggregateState(SETTINGS);
    const replacedTokens = [1, 2, 3].map((at) => [`old ${at}`, `new ${at}`, 5] as const);
    whole.apply({ ...emptyRecord(1, 5), replacedTokens });
    const record = {
      ...emptyRecord(2, 5),
      forgottenTokens: ['old 1', 'old 2'],
      replacedTokens: [['old 2', 'new', 5] as const],
    };
    for (const slice of slicesOf(record, 1)) whole.apply(slice);
    expect([...whole.entities.replacedTokens()].map(([old, current]) => [old, current])).toEqual([
      ['old 3', 'new 3'],
      ['old 2', 'new'],
    ]);
  });

  it('are the record itself where it is small enough', () => {
    const { record } = new StepMaker().step({ rows: [{ kind: 'requests', key: 1, age: 0, sum: 0 }] });
    expect([...slicesOf(record, itemsOf(record))]).toEqual([record]);
  });
});
