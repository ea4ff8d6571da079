import type { RecordedState } from '@app/aggregates';

/**
 * Milliseconds since the state was known to be the newest: since its stream was last seen open. It grows while PostgreSQL or
 * the store is away, though windows move on meanwhile.
 */
export function ageOf(state: Pick<RecordedState, 'clock' | 'figure'>, now: number): number {
  return Math.max(0, now - Number(state.figure('followed_until') ?? state.clock));
}
