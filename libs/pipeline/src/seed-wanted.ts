import { isFailure } from '@app/change';
import type { SeedReason } from './start-decision.js';

/** A new seed is wanted by something that happened in the stream. */
export class SeedWanted extends Error {
  /** @param why what has happened, where the reason alone does not say it */
  constructor(
    readonly reason: SeedReason,
    why = '',
  ) {
    super(`a new seed is wanted: ${reason}${why === '' ? '' : ` (${why})`}`);
    this.name = 'SeedWanted';
  }
}

/**
 * The seed that a failure asks for; null where it asks for none. A slot that has not all of what is needed (its WAL is gone, a
 * publication lacked something meanwhile) has it at no later attempt either (W5).
 */
export function seedWantedBy(error: unknown): SeedWanted | null {
  if (error instanceof SeedWanted) return error;
  return isFailure(error, 'slot-lost') ? new SeedWanted('slot_lost') : null;
}
