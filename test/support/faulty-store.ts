import { type Generation, type RecordedState, StateStore, type Step } from '@app/aggregates';
import type { Checkpoint, Epoch, Lsn } from '@app/change';
import { MemoryStateStore } from '@app/store';

/** Points at which a store can be made to fail, before and after what they name has been done. */
export type StorePoint = 'open' | 'claim' | 'store' | 'stored' | 'durable' | 'replace' | 'replaced';

/** A store with faults: each call reaches its points, and what the hook throws, or waits for, is what happens. */
export class FaultyStore extends StateStore {
  readonly durability: 'process' | 'external';
  readonly steps: Step[] = [];
  /** Checkpoints of the generations that were made current. */
  readonly generations: Lsn[] = [];
  /** Steps that are being stored now, and the most there have been at once. */
  underWay = 0;
  mostUnderWay = 0;

  constructor(
    readonly inner: StateStore,
    public reach: (point: StorePoint) => void | Promise<void> = () => undefined,
    durability: 'process' | 'external' = inner.durability,
  ) {
    super();
    this.durability = durability;
  }

  get state(): RecordedState | null {
    return this.inner.state;
  }

  get checkpoint(): Checkpoint | null {
    return this.inner.checkpoint;
  }

  async open(): Promise<void> {
    await this.reach('open');
    await this.inner.open();
  }

  async claim(epoch: Epoch): Promise<void> {
    await this.reach('claim');
    await this.inner.claim(epoch);
  }

  async commit(step: Step): Promise<void> {
    this.underWay += 1;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
    try {
      await this.reach('store');
      await this.inner.commit(step);
      this.steps.push(step);
      await this.reach('stored');
    } finally {
      this.underWay -= 1;
    }
  }

  async replace(generation: Generation): Promise<void> {
    await this.reach('replace');
    await this.inner.replace(generation);
    this.generations.push(generation.checkpoint.next);
    await this.reach('replaced');
  }

  async refresh(): Promise<void> {
    await this.inner.refresh();
  }

  async durable(): Promise<Lsn | null> {
    await this.reach('durable');
    return this.inner.durable();
  }

  async close(): Promise<void> {
    await this.inner.close();
  }
}

/** A memory store with faults. */
export function faultyStore(reach?: (point: StorePoint) => void | Promise<void>): FaultyStore {
  return new FaultyStore(new MemoryStateStore(), reach);
}

/** A store that outlives its process, in memory: what Redis is to a supervisor. */
export function outlivingStore(): FaultyStore {
  return new FaultyStore(new MemoryStateStore(), undefined, 'external');
}
