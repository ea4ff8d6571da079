import { setTimeout as sleep } from 'node:timers/promises';
import type { BatchSize, Simulator } from './simulator.js';

/** The pace of a run. */
export interface RunOptions {
  /** Rows a second; 0 is as fast as the database takes them. */
  readonly rate: number;
  /** Rows after which the run ends by itself. */
  readonly rows: number;
  readonly batch: BatchSize;
  /** Transactions under way at once, as of so many proxies; needs a pool. */
  readonly writers: number;
  /** Seconds of the simulator's clock between two flushes of entity spend; 0 for none. */
  readonly flushEvery: number;
  /** Seconds of the simulator's clock between two steps of other kinds; 0 for none. */
  readonly stepEvery: number;
  readonly signal: AbortSignal;
  readonly onStep?: (summary: string) => void;
}

/** What a run has done so far; updated while it goes on. */
export interface RunTotals {
  rows: number;
  transactions: number;
  entityUpdates: number;
  steps: number;
}

/** A flow of traffic commits at least so often, however large the batches may be: LiteLLM writes what has gathered. */
const LONGEST_GATHERING_SECONDS = 2;

/** Something that is done every few seconds of the simulator's clock. */
class Beat {
  readonly #period: number;
  #next: number;

  constructor(seconds: number, now: number) {
    this.#period = seconds * 1_000;
    this.#next = now + this.#period;
  }

  /** True once a period; periods that were missed are not made up for. */
  due(now: number): boolean {
    if (this.#period === 0 || now < this.#next) return false;
    this.#next = now + this.#period;
    return true;
  }
}

/** One run of a simulator; {@link totals} may be read while it goes on. */
export class Run {
  readonly totals: RunTotals = { rows: 0, transactions: 0, entityUpdates: 0, steps: 0 };
  readonly #simulator: Simulator;
  readonly #options: RunOptions;
  readonly #underWay = new Set<Promise<void>>();
  #failure: unknown;
  #planned = 0;

  constructor(simulator: Simulator, options: RunOptions) {
    this.#simulator = simulator;
    this.#options = options;
  }

  /** Writes traffic until its rows are written or the signal comes, and what it cost at the end. @throws the first failure of a statement. */
  async toEnd(): Promise<void> {
    const { rows, rate, writers, signal, flushEvery, stepEvery } = this.#options;
    const { clock } = this.#simulator;
    const flush = new Beat(flushEvery, clock.now());
    const step = new Beat(stepEvery, clock.now());
    const began = performance.now();
    while (this.#planned < rows && this.#failure === undefined) {
      const batch = Math.min(rows - this.#planned, this.#batchSize());
      this.#planned += batch;
      if (rate > 0) await pause(began + (this.#planned / rate) * 1_000 - performance.now(), signal);
      if (signal.aborted) break;
      clock.advance(rate === 0 ? batch : (batch / rate) * 1_000);
      this.#start(batch);
      if (this.#underWay.size >= writers) await Promise.race(this.#underWay);
      if (flush.due(clock.now())) await this.#flush();
      if (step.due(clock.now())) await this.#step();
    }
    await this.#settle();
    if (flushEvery > 0) await this.#flush();
  }

  #batchSize(): number {
    const { rate, batch } = this.#options;
    const drawn = this.#simulator.drawBatch(batch);
    return rate === 0 ? drawn : Math.min(drawn, Math.max(1, Math.ceil(rate * LONGEST_GATHERING_SECONDS)));
  }

  #start(rows: number): void {
    const writing = this.#simulator
      .writeBatch(rows)
      .then((written) => {
        this.totals.rows += written;
        this.totals.transactions += 1;
      })
      .catch((error: unknown) => {
        this.#failure ??= error;
      })
      .finally(() => this.#underWay.delete(writing));
    this.#underWay.add(writing);
  }

  async #flush(): Promise<void> {
    await this.#settle();
    this.totals.entityUpdates += await this.#simulator.flushSpend();
  }

  async #step(): Promise<void> {
    await this.#settle();
    const { kind, summary, rows } = await this.#simulator.step();
    this.totals.rows += rows;
    this.totals.steps += 1;
    this.#options.onStep?.(`${kind}: ${summary}`);
  }

  /** Steps and flushes follow what was written before them, so that equal seeds do equal things. */
  async #settle(): Promise<void> {
    await Promise.all(this.#underWay);
    if (this.#failure !== undefined) throw this.#failure;
  }
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (milliseconds <= 0) return;
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}
