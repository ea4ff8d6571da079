import { formatLsn, type Lsn } from '@app/change';
import { SeedWanted } from './seed-wanted.js';

/** A step could not be put together, or not be applied to the state: an error of this program, not of a server. */
export class StepBroken extends Error {
  /** @param from the checkpoint that the step would have left */
  constructor(
    readonly from: Lsn,
    cause: unknown,
  ) {
    const why = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
    super(`the step from ${formatLsn(from)} on can't be made: ${why}`, { cause });
    this.name = 'StepBroken';
  }
}

/**
 * The way out of steps that break (W10). The first time what follows the checkpoint is read once more. The same checkpoint
 * failing twice means that this delta and this state don't go together: a step holds many transactions merged, so none of
 * them could be passed over alone; but a new seed reads what all of them have left in the tables, and the state that broke
 * is gone with it. Nothing is lost that way, and seeds are paced.
 */
export class BrokenSteps {
  #from: Lsn | null = null;

  /** What to do about a failure: a new seed, or null for the usual way. */
  wayOut(error: unknown): SeedWanted | null {
    if (!(error instanceof StepBroken)) return null;
    const again = this.#from === error.from;
    this.#from = again ? null : error.from;
    return again ? new SeedWanted('step_broken') : null;
  }
}
