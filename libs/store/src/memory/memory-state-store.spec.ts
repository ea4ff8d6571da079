import { expect, it } from '@jest/globals';
import { StepMaker } from '../../../../test/contracts/state-steps.js';
import { describeStateStore } from '../../../../test/contracts/state-store.contract.js';
import { MemoryStateStore } from './memory-state-store.js';

describeStateStore('memory', {
  open: async () => ({ store: () => new MemoryStateStore(), [Symbol.asyncDispose]: async () => {} }),
  large: 20_000,
});

it('W2: counts as durable what is applied, as nothing else is left of a process', async () => {
  const store = new MemoryStateStore();
  const maker = new StepMaker();
  await store.claim(maker.epoch);
  await store.replace(maker.generation());
  const step = maker.step();
  await store.commit(step);
  expect(await store.durable()).toBe(step.checkpoint.next);
});
