import type { SeedReason } from './start-decision.js';

/** A new seed is wanted by something that happened in the stream. */
export class SeedWanted extends Error {
  constructor(readonly reason: SeedReason) {
    super(`a new seed is wanted: ${reason}`);
    this.name = 'SeedWanted';
  }
}
