import { setTimeout as pause } from 'node:timers/promises';
import type { StateStore } from '@app/aggregates';

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

  async #watch(): Promise<void> {
    const seen = { version: 0, next: 0n, transactions: 0 };
    while (this.#going) {
      await this.store.refresh();
      const { state, checkpoint } = this.store;
      if (state !== null && checkpoint !== null) {
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
