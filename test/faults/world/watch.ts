import { setTimeout as pause } from 'node:timers/promises';
import type { Replica } from './replica.js';
import { seriesOf } from './self-metrics.js';

const COUNTERS = ['litellm_requests_processed_total', 'litellm_tokens_processed_total', 'litellm_exporter_seeds_total'];
/** Milliseconds between two questions. */
const SPACING = 150;

/** Asks all exporters in turn, as a scraper behind one address does, and notes every answer that is older than one before it (W7). */
export class Watch {
  /** Answers with the state in them. */
  answers = 0;
  /** Answers without: the exporter's own metrics alone. */
  dark = 0;
  /** What went back, in words. */
  readonly faults: string[] = [];
  readonly #replicas: () => readonly Replica[];
  readonly #seen = new Map<string, number>();
  #stopping = false;
  #going: Promise<void> | undefined;

  constructor(replicas: () => readonly Replica[]) {
    this.#replicas = replicas;
  }

  start(): void {
    if (this.#going !== undefined) return;
    this.#stopping = false;
    this.#going = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#going;
    this.#going = undefined;
  }

  /** Forgets what was seen: where every place that a state can be in was destroyed, counters begin anew. */
  forget(): void {
    this.#seen.clear();
  }

  async #run(): Promise<void> {
    for (let turn = 0; !this.#stopping; turn += 1) {
      const replicas = this.#replicas().filter(({ running }) => running);
      const replica = replicas[turn % Math.max(1, replicas.length)];
      if (replica !== undefined) await this.#ask(replica);
      await pause(SPACING);
    }
  }

  async #ask(replica: Replica): Promise<void> {
    const text = await replica.text().catch(() => undefined);
    if (text === undefined) return;
    const shown = COUNTERS.flatMap((name) =>
      [...seriesOf(text, name)].map(([labels, value]) => [`${name}{${labels}}`, value] as const),
    );
    if (shown.length === 0) {
      this.dark += 1;
      return;
    }
    this.answers += 1;
    const now = new Map<string, number>(shown);
    for (const [series, before] of this.#seen) {
      const value = now.get(series);
      if (value === undefined || value < before) this.#fault(replica, series, [before, value]);
    }
    for (const [series, value] of now) this.#seen.set(series, value);
  }

  #fault(replica: Replica, series: string, [before, value]: readonly [number, number | undefined]): void {
    const at = new Date().toISOString();
    if (this.faults.length < 20) {
      this.faults.push(`${at} exporter ${replica.name}: ${series} was ${before} and is ${value ?? 'gone'}`);
    }
  }
}
