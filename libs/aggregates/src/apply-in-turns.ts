import { inTurns, SLICE, type Work } from './in-turns.js';
import type { RecordedState, StateRecord } from './record.js';
import { slicesOf } from './record-slices.js';

/**
 * Applies records in order, over as many turns of the event loop as they need. The caller has begun a change, so that nobody reads (W6).
 *
 * @throws Error as `apply`
 */
export async function applyInTurns(
  state: Pick<RecordedState, 'apply'>,
  records: readonly StateRecord[],
): Promise<void> {
  await inTurns(applying(state, records));
}

function* applying(state: Pick<RecordedState, 'apply'>, records: readonly StateRecord[]): Work<void> {
  for (const record of records) {
    for (const slice of slicesOf(record, SLICE)) {
      state.apply(slice);
      yield;
    }
  }
}
