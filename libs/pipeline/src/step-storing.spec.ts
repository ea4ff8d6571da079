import { ExporterFailure, type FailureKind, lsnOf } from '@app/change';
import { describe, expect, it } from '@jest/globals';
import { awaitUntil } from '../../../test/support/await-until.js';
import { type SeededStore, seededStore } from '../../../test/support/seeded-store.js';
import { Told } from '../../../test/support/told.js';
import { Batch } from './batch.js';
import { StepStoring } from './step-storing.js';

function failing(kind: FailureKind): ExporterFailure {
  return new ExporterFailure({ kind, message: `this is ${kind}` });
}

function batchTo({ state }: SeededStore, end: bigint | null): Batch {
  const batch = new Batch(state.entities);
  batch.delta.count('transactions', [], 1);
  batch.transactions = 1;
  if (end !== null) batch.endLsn = lsnOf(end);
  return batch;
}

function storingOn({ store, state, claim }: SeededStore): { storing: StepStoring; told: Told } {
  const told = new Told();
  return { storing: new StepStoring(store, state, claim, told), told };
}

describe('the storing of steps', () => {
  it('W3: moves state and checkpoint together, from where the step before has ended', async () => {
    const given = await seededStore();
    const { storing, told } = storingOn(given);
    expect(await storing.store(batchTo(given, 148n), Date.now())).toEqual({ next: 148n, transactions: 1 });
    expect(await storing.store(batchTo(given, 196n), Date.now())).toEqual({ next: 196n, transactions: 1 });
    expect(given.store.steps.map(({ prev, checkpoint }) => [prev, checkpoint.next])).toEqual([
      [100n, 148n],
      [148n, 196n],
    ]);
    expect(given.store.checkpoint?.next).toBe(196n);
    expect(told.of('stored')).toHaveLength(2);
  });

  it('a batch without a commit leaves the checkpoint where it is, and so does one with an older position', async () => {
    const given = await seededStore();
    const { storing } = storingOn(given);
    await storing.store(batchTo(given, null), Date.now());
    await storing.store(batchTo(given, 40n), Date.now());
    expect(storing.checkpoint).toEqual(given.claim.checkpoint);
    expect(given.state.version).toBe(given.store.steps.at(-1)?.record.version);
  });

  it('tries again while the store can not be reached, and says so once', async () => {
    const given = await seededStore();
    const { storing, told } = storingOn(given);
    let refusals = 0;
    given.store.reach = (point) => {
      if (point === 'store' && ++refusals <= 3) throw failing('store-unavailable');
      if (point === 'store') expect(storing.blockedSince).not.toBeNull();
    };
    expect(await storing.store(batchTo(given, 148n), Date.now())).toMatchObject({ next: 148n });
    expect(told.of('warn')).toHaveLength(1);
    expect(told.of('storeError')).toHaveLength(3);
    expect(told.of('dependency')).toEqual([
      ['redis', false],
      ['redis', true],
    ]);
    expect(storing.blockedSince).toBeNull();
    expect(storing.underWay).toBeNull();
  });

  it('W3: a step that was stored although no answer came is not applied twice', async () => {
    const given = await seededStore();
    const { storing } = storingOn(given);
    let lost = 0;
    given.store.reach = (point) => {
      if (point === 'stored' && ++lost === 1) throw failing('store-unavailable');
    };
    await storing.store(batchTo(given, 148n), Date.now());
    expect([...given.state.counters('transactions')][0]?.value).toBe(1);
  });

  it('lets go of a step that waits when it is stopped', async () => {
    const given = await seededStore();
    const { storing } = storingOn(given);
    given.store.reach = (point) => {
      if (point === 'store') throw failing('store-unavailable');
    };
    const batch = batchTo(given, 148n);
    batch.delta.rows = 7;
    const waiting = storing.store(batch, Date.now());
    await awaitUntil(() => storing.blockedSince !== null);
    expect(storing.underWay?.size).toBe(7);
    storing.stop();
    expect(await waiting).toBeNull();
    expect(storing.checkpoint.next).toBe(100n);
  });

  it.each(['fenced', 'checkpoint-mismatch', 'store-refused', 'store-format'] as const)(
    'gives up at once on %s: trying again would change nothing',
    async (kind) => {
      const given = await seededStore();
      const { storing, told } = storingOn(given);
      given.store.reach = (point) => {
        if (point === 'store') throw failing(kind);
      };
      await expect(storing.store(batchTo(given, 148n), Date.now())).rejects.toMatchObject({ kind });
      expect(storing.checkpoint.next).toBe(100n);
      expect(told.of('stored')).toEqual([]);
      expect(storing.underWay).toBeNull();
    },
  );
});
