import type { StateStore } from '@app/aggregates';
import { type FailureKind, isFailure } from '@app/change';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { contentOf } from './state-content.js';
import { checkpointAt, epochAt, type StepIdea, StepMaker } from './state-steps.js';

/** Stores that share what is stored, as the processes of one deployment do. */
export interface StoreDeployment {
  /** A store of a process of its own, not open yet. */
  store(): StateStore;
  [Symbol.asyncDispose](): Promise<void>;
}

/** What a kind of store can do beside what all can. */
export interface StoreAbilities {
  /** Opens an empty deployment. */
  readonly open: () => Promise<StoreDeployment>;
  /** Pairs of the large step. */
  readonly large: number;
}

/** Random traffic: few keys and short windows, so that series meet, leave and come back. */
export const stepIdeas: fc.Arbitrary<StepIdea> = fc.record({
  tick: fc.oneof(fc.constantFrom(0, 1_000), fc.integer({ min: 0, max: 400_000 })),
  rows: fc.array(
    fc.record({
      kind: fc.constantFrom('spend_by_model', 'spend_by_user', 'spend_by_tag', 'requests', 'errors', 'rate_by_key'),
      key: fc.integer({ min: 0, max: 5 }),
      age: fc.integer({ min: 0, max: 500_000 }),
      sum: fc.oneof(fc.integer({ min: 0, max: 10_000 }), fc.double({ min: -1, max: 1e6, noNaN: true })),
    }),
    { maxLength: 8 },
  ),
  teams: fc.array(
    fc.record({
      id: fc.integer({ min: 0, max: 3 }),
      spend: fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant<'delete'>('delete'), fc.constant<'clear'>('clear')),
    }),
    { maxLength: 3 },
  ),
});

/** Expects that a call is refused for one reason. */
export async function expectFailure(work: Promise<unknown>, kind: FailureKind): Promise<void> {
  const failure = await work.then(
    () => null,
    (error: unknown) => error,
  );
  if (!isFailure(failure, kind)) throw new Error(`expected a failure of kind ${kind}`, { cause: failure });
}

/** The rules that every store keeps. */
export function describeStateStore(name: string, abilities: StoreAbilities): void {
  describe(`the ${name} store`, () => {
    let deployment: StoreDeployment;
    let store: StateStore;
    let maker: StepMaker;

    beforeEach(async () => {
      deployment = await abilities.open();
      store = deployment.store();
      maker = new StepMaker();
      await store.open();
    });

    afterEach(async () => {
      await store.close();
      await deployment[Symbol.asyncDispose]();
    });

    /** Claims and puts a first generation in place. */
    async function begin(): Promise<void> {
      await store.claim(maker.epoch);
      await store.replace(maker.generation());
    }

    it('has nothing to serve until a first seed is whole', async () => {
      expect([store.state, store.checkpoint, await store.durable()]).toEqual([null, null, null]);
      await store.refresh();
      expect(store.state).toBeNull();
      await store.claim(maker.epoch);
      await expectFailure(store.commit(maker.step()), 'checkpoint-mismatch');
      expect(store.state).toBeNull();
    });

    it('serves a generation as it was handed over, with its checkpoint', async () => {
      maker.step({ rows: [{ kind: 'spend_by_model', key: 1, age: 0, sum: 0.1 }], teams: [{ id: 1, spend: 3 }] });
      await begin();
      expect(contentOf(store.state)).toEqual(contentOf(maker.state));
      expect(store.checkpoint).toEqual(checkpointAt(maker.next));
    });

    it('W3: moves the checkpoint and the state together', async () => {
      await begin();
      for (let steps = 0; steps < 5; steps++) {
        const step = maker.step({ rows: [{ kind: 'requests', key: steps, age: 0, sum: 0 }] });
        await store.commit(step);
        expect(store.checkpoint).toEqual(step.checkpoint);
        expect(contentOf(store.state)).toEqual(contentOf(maker.state));
      }
    });

    it('W3: counts a step that is stored already as done, and applies it once', async () => {
      await begin();
      const step = maker.step({ rows: [{ kind: 'spend_by_model', key: 1, age: 0, sum: 1 }] });
      await store.commit(step);
      await store.commit(step);
      expect(contentOf(store.state)).toEqual(contentOf(maker.state));
      await store.commit(maker.step());
      expect(contentOf(store.state)).toEqual(contentOf(maker.state));
    });

    it('W3: takes a step that moves the clock alone', async () => {
      await begin();
      const step = maker.step();
      await store.commit({ ...step, checkpoint: { ...step.checkpoint, next: step.prev } });
      expect([store.state?.clock, store.checkpoint?.next]).toEqual([maker.state.clock, step.prev]);
    });

    it('W3: refuses a step that starts elsewhere, and stays as it is', async () => {
      await begin();
      const before = contentOf(store.state);
      maker.step();
      await expectFailure(store.commit(maker.step()), 'checkpoint-mismatch');
      expect(contentOf(store.state)).toEqual(before);
      const other = new StepMaker(900);
      await expectFailure(store.commit(other.step()), 'checkpoint-mismatch');
      expect(contentOf(store.state)).toEqual(before);
    });

    it('W4: refuses the steps and seeds of a writer that a newer one has replaced', async () => {
      await begin();
      const newer = epochAt(2);
      await store.claim(newer);
      await expectFailure(store.commit(new StepMaker().step()), 'fenced');
      await expectFailure(store.replace(maker.generation()), 'fenced');
      await expectFailure(store.claim(maker.epoch), 'fenced');
      await expect(store.claim(maker.epoch)).rejects.toMatchObject({ standing: newer });
      await store.commit(maker.step({}, newer));
      expect(contentOf(store.state)).toEqual(contentOf(maker.state));
    });

    it('W4: puts a later timeline of the same system above every position of an earlier one', async () => {
      await begin();
      await store.claim(epochAt(1, 2));
      await expectFailure(store.claim(epochAt(999_999, 1)), 'fenced');
      await store.commit(maker.step({}, epochAt(1, 2)));
    });

    it('W4: lets another system claim, but not go on with a state that is not its own', async () => {
      await begin();
      const other = epochAt(1, 1, '7000000000000000002');
      await store.claim(other);
      await expectFailure(store.commit(new StepMaker().step({}, other)), 'checkpoint-mismatch');
      await expectFailure(store.commit(new StepMaker().step()), 'fenced');
      await store.claim(epochAt(2));
      await store.commit(maker.step({}, epochAt(2)));
      await store.claim(other);
      await store.replace(maker.generation(other));
      await store.commit(maker.step({}, other));
      expect(contentOf(store.state)).toEqual(contentOf(maker.state));
    });

    it('W6: does not change the state while it is held', async () => {
      await begin();
      const before = contentOf(store.state);
      const release = store.state?.hold();
      const committed = store.commit(maker.step({ rows: [{ kind: 'requests', key: 1, age: 0, sum: 0 }] }));
      await new Promise((resolve) => setTimeout(resolve, 30));
      expect(contentOf(store.state)).toEqual(before);
      release?.();
      await committed;
      expect(contentOf(store.state)).toEqual(contentOf(maker.state));
    });

    it('W6: stores a step of very many pairs as one', async () => {
      await begin();
      await store.commit(maker.take(maker.largeRecord(abilities.large)));
      await store.commit(maker.step());
      expect(contentOf(store.state)).toEqual(contentOf(maker.state));
    });

    it('puts a new generation in place of the old one', async () => {
      await begin();
      await store.commit(maker.step({ rows: [{ kind: 'requests', key: 1, age: 0, sum: 0 }] }));
      const seeded = new StepMaker(5_000);
      seeded.step({ rows: [{ kind: 'errors', key: 2, age: 0, sum: 0 }] });
      await store.replace(seeded.generation());
      expect(contentOf(store.state)).toEqual(contentOf(seeded.state));
      await expectFailure(store.commit(maker.step()), 'checkpoint-mismatch');
      await store.commit(seeded.step());
      expect(contentOf(store.state)).toEqual(contentOf(seeded.state));
    });

    it('W8: holds what any sequence of steps comes to', async () => {
      await begin();
      let next = 10_000;
      await fc.assert(
        fc.asyncProperty(fc.array(stepIdeas, { minLength: 1, maxLength: 12 }), async (ideas) => {
          next += 100_000;
          const writer = new StepMaker(next);
          await store.replace(writer.generation());
          for (const idea of ideas) await store.commit(writer.step(idea));
          expect(contentOf(store.state)).toEqual(contentOf(writer.state));
        }),
        { numRuns: 20 },
      );
    });
  });
}
