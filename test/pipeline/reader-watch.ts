import { setTimeout as pause } from 'node:timers/promises';
import type { StateStore } from '@app/aggregates';
import { isFailure } from '@app/change';

/** A process that only serves: it looks for news all the time, and notes whatever goes back (W7). */
export class ReaderWatch {
  #watching: Promise<void> = Promise.resolve();
  #going = true;

  constructor(
    readonly store: StateStore,
    private readonly violations: string[],
  ) {}

  async start(): Promise<void> {
    await this.store.open();
    this.#watching = this.#watch();
  }

  async stop(): Promise<void> {
    this.#going = false;
    await this.#watching;
    await this.store.close();
  }

  /** A reader that can't tell what the store holds shows nothing. */
  async #mayAnswer(): Promise<boolean> {
    try {
      await this.store.refresh();
      return true;
    } catch (error) {
      if (isFailure(error, 'store-unavailable')) return false;
      throw error;
    }
  }

  async #watch(): Promise<void> {
    const seen = { version: 0, next: 0n, transactions: 0 };
    while (this.#going) {
      const answers = await this.#mayAnswer();
      const { state, checkpoint } = this.store;
      if (answers && state !== null && checkpoint !== null) {
        const transactions = [...state.counters('transactions')][0]?.value ?? 0;
        const now = { version: state.version, next: checkpoint.next, transactions };
        for (const figure of ['version', 'next', 'transactions'] as const) {
          if (now[figure] < seen[figure]) this.violations.push(`${figure} went from ${seen[figure]} to ${now[figure]}`);
        }
        Object.assign(seen, now);
      }
      await pause(1);
    }
  }
}
