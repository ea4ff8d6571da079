import { entriesOf } from './delta.js';
import { keyText } from './key.js';
import type { CounterValue, ExactSum, HistogramValue } from './record.js';
import type { CounterKind, CounterView, HistogramKind, HistogramView } from './view.js';

/** One counter as it stands. */
export interface StoredCounter extends CounterView {
  readonly exact: ExactSum;
}

/** One histogram as it stands. */
export interface StoredHistogram extends HistogramView {
  readonly exactSum: ExactSum;
}

/** Counters and histograms of the state, by kind and label values. */
export class CounterTable {
  readonly #counters: { [K in CounterKind]?: Map<string, StoredCounter> } = {};
  readonly #histograms: { [K in HistogramKind]?: Map<string, StoredHistogram> } = {};
  readonly folded: Partial<Record<CounterKind | HistogramKind, number>> = {};

  counters(kind: CounterKind): Iterable<StoredCounter> {
    return this.#counters[kind]?.values() ?? [];
  }

  histograms(kind: HistogramKind): Iterable<StoredHistogram> {
    return this.#histograms[kind]?.values() ?? [];
  }

  counter(kind: CounterKind, labels: readonly string[]): StoredCounter | undefined {
    return this.#counters[kind]?.get(keyText(labels));
  }

  histogram(kind: HistogramKind, labels: readonly string[]): StoredHistogram | undefined {
    return this.#histograms[kind]?.get(keyText(labels));
  }

  /** How many label sets a kind has. */
  size(kind: CounterKind | HistogramKind): number {
    const counters = (this.#counters as Record<string, Map<string, unknown>>)[kind];
    return (counters ?? (this.#histograms as Record<string, Map<string, unknown>>)[kind])?.size ?? 0;
  }

  setCounter({ kind, labels, value }: CounterValue): void {
    this.#counters[kind] ??= new Map();
    this.#counters[kind].set(keyText(labels), { labels, value: value[0], exact: value });
  }

  setHistogram({ kind, labels, buckets, sum }: HistogramValue): void {
    this.#histograms[kind] ??= new Map();
    this.#histograms[kind].set(keyText(labels), { labels, buckets, sum: sum[0], exactSum: sum });
  }

  end(kind: CounterKind, labels: readonly string[]): void {
    this.#counters[kind]?.delete(keyText(labels));
  }

  /** All counters, as a record carries them. */
  *counterValues(): Iterable<CounterValue> {
    for (const [kind, counters] of entriesOf<CounterKind, Map<string, StoredCounter>>(this.#counters)) {
      for (const { labels, exact } of counters.values()) yield { kind, labels, value: exact };
    }
  }

  /** All histograms, as a record carries them. */
  *histogramValues(): Iterable<HistogramValue> {
    for (const [kind, histograms] of entriesOf<HistogramKind, Map<string, StoredHistogram>>(this.#histograms)) {
      for (const { labels, buckets, exactSum } of histograms.values()) yield { kind, labels, buckets, sum: exactSum };
    }
  }
}
