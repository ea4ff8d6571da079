import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RecordedState, StateRecord } from './record.js';
import { slicesOf } from './record-slices.js';

/** Things applied between two looks at the clock: a few milliseconds of work. */
const SLICE = 500;
/** Turn of the event loop after which the work is laid down, in milliseconds. */
const TURN = 5;

/**
 * Applies records in order, over as many turns of the event loop as they need: a step of a million things takes seconds, and probes want an
 * answer meanwhile. What fits into one turn is applied in the turn of the call. The caller has begun a change, so that nobody reads (W6).
 *
 * @throws Error as `apply`
 */
export async function applyInTurns(
  state: Pick<RecordedState, 'apply'>,
  records: readonly StateRecord[],
): Promise<void> {
  let began = performance.now();
  for (const record of records) {
    for (const slice of slicesOf(record, SLICE)) {
      if (performance.now() - began >= TURN) {
        await nextTurn();
        began = performance.now();
      }
      state.apply(slice);
    }
  }
}
