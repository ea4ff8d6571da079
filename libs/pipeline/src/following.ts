import type { StateStore } from '@app/aggregates';
import type { PipelineObserver } from './observer.js';

/**
 * Why a process that waits for the claim has nothing to serve; null where it has a state.
 * A store of its own never gets one while it waits; a shared one may be at its first seed, or not be the leader's at all.
 */
export function whyNothingToServe({ state, durability }: Pick<StateStore, 'state' | 'durability'>): string | null {
  if (state !== null) return null;
  return durability === 'process'
    ? 'no state to serve: another exporter consumes the slot, and without Redis the two share nothing; stop the other one, or set REPLICATION_SLOT to a name of its own'
    : 'no state to serve: another exporter consumes the slot, and Redis holds no state of its under REDIS_KEY_PREFIX; either its first seed is not finished, or it keeps its state elsewhere: set REDIS_URL and REDIS_KEY_PREFIX alike for both, or REPLICATION_SLOT to a name of its own';
}

/**
 * Tells that another process has the claim and this one waits for it, and, where a shared store should have a state to
 * serve and has none, why. Never rejects: that the store can't be read is told where it is scraped.
 */
export async function tellFollowing(store: StateStore, observer: PipelineObserver): Promise<void> {
  observer.dependency('postgres', true);
  observer.following();
  if (store.durability === 'process') return;
  const read = await store.refresh().then(
    () => true,
    () => false,
  );
  const why = read ? whyNothingToServe(store) : null;
  if (why !== null) observer.warn(why);
}
