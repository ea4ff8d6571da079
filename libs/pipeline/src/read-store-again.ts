import type { StateStore } from '@app/aggregates';
import { ExporterFailure, type FailureKind } from '@app/change';

/** Failures that say that the store went elsewhere, or that what was read of it has been lost. */
const ELSEWHERE: readonly FailureKind[] = [
  'checkpoint-mismatch',
  'fenced',
  'store-refused',
  'store-format',
  'store-broken',
];

/** True where a store has to be opened anew after a failure: the next start table decides by what it really holds then. */
export async function isToBeReadAgain(store: StateStore, failure: unknown): Promise<boolean> {
  if (!(failure instanceof ExporterFailure)) return false;
  if (ELSEWHERE.includes(failure.kind)) return true;
  // The remedy for state of another deployment may be that its keys are deleted, and then the store has nothing to tell.
  return failure.kind === 'other-system' && !(await answers(store));
}

async function answers(store: StateStore): Promise<boolean> {
  return store.refresh().then(
    () => true,
    () => false,
  );
}
