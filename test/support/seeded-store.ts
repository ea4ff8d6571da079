import { AggregateState, SeedFold } from '@app/aggregates';
import { type Checkpoint, type Epoch, lsnOf } from '@app/change';
import { type FaultyStore, faultyStore } from './faulty-store.js';
import { SETTINGS } from './given-pipeline.js';

/** A store with an empty state in it, and the claim of a writer. */
export interface SeededStore {
  readonly store: FaultyStore;
  readonly state: AggregateState;
  readonly claim: { readonly epoch: Epoch; readonly checkpoint: Checkpoint };
}

const SOURCE = { systemId: '7', timeline: 1, database: 'litellm', schema: 'public', spendLogsOid: 16_384 };

/** Makes a memory store whose state was seeded out of empty tables, with the checkpoint at 100. */
export async function seededStore(now = Date.now()): Promise<SeededStore> {
  const store = faultyStore();
  const epoch: Epoch = { lineage: '7/1', position: lsnOf(1n) };
  const checkpoint: Checkpoint = {
    source: SOURCE,
    slot: 'litellm_exporter_litellm',
    plugin: 'wal2json',
    next: lsnOf(100n),
    commitTime: now,
  };
  const seed = { settings: SETTINGS, snapshotTime: now, before: null, lastCommitTime: null, reason: 'first' };
  const state = new SeedFold(seed).finish(null, { keepBefore: false, since: now, seconds: 0 });
  await store.claim(epoch);
  await store.replace({ epoch, checkpoint, state });
  return { store, state: state as AggregateState, claim: { epoch, checkpoint } };
}
