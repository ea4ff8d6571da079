import { type Generation, type RecordedState, StateStore, type Step } from '@app/aggregates';
import type { Checkpoint, Epoch, Lsn } from '@app/change';
import { type Claim, claimOf, compareClaims, fencedFailure, mismatchFailure } from '../claim.js';
import { ServedState } from '../served-state.js';

/**
 * State that goes with the process: for one replica without Redis. What is applied is as durable as it will ever be.
 * It obeys the same rules as the Redis store, so that the pipeline needs to know of one kind of store only.
 */
export class MemoryStateStore extends StateStore {
  readonly durability = 'process';
  readonly #served = new ServedState();
  #claim: Claim | null = null;
  /** The system that the state is of: steps of others may not follow it. */
  #owner = '';

  get state(): RecordedState | null {
    return this.#served.state;
  }

  get checkpoint(): Checkpoint | null {
    return this.#served.checkpoint;
  }

  async open(): Promise<void> {}

  async claim(epoch: Epoch): Promise<void> {
    this.#admit(epoch, 'accept');
  }

  async commit({ epoch, prev, checkpoint, record }: Step): Promise<void> {
    const { system } = this.#admit(epoch, 'refuse');
    const state = this.#served.state;
    const stored = this.checkpoint;
    if (state === null || stored === null || system !== this.#owner) throw mismatchFailure(prev, null);
    if (stored.next === checkpoint.next && state.version === record.version) return;
    if (stored.next !== prev || state.version !== record.version - 1) throw mismatchFailure(prev, stored.next);
    if (!(await this.#served.advance(state, [record], checkpoint))) throw mismatchFailure(prev, stored.next);
  }

  async replace({ epoch, checkpoint, state }: Generation): Promise<void> {
    this.#owner = this.#admit(epoch, 'refuse').system;
    this.#served.replace({ state, checkpoint });
  }

  async refresh(): Promise<void> {}

  async durable(): Promise<Lsn | null> {
    return this.#served.checkpoint?.next ?? null;
  }

  async close(): Promise<void> {}

  /** Takes a claim that is not older than the one in force; another system's only where it is made explicitly. */
  #admit(epoch: Epoch, otherSystem: 'accept' | 'refuse'): Claim {
    const own = claimOf(epoch);
    const order = this.#claim === null ? 'older' : compareClaims(this.#claim, own);
    if (order === 'newer' || (order === 'other-system' && otherSystem === 'refuse')) {
      throw fencedFailure(epoch, this.#claim ?? undefined);
    }
    this.#claim = own;
    return own;
  }
}
