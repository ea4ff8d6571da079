import { addExact, addExactAt, EXACT_ZERO } from './exact-sum.js';
import type { ExactSum } from './record.js';
import { type CounterKind, type FigureName, type HistogramKind, SERIES_KINDS, type SeriesKind } from './view.js';

/** Separates the parts of a series' key inside one map key; PostgreSQL's text can't contain it. */
const SEPARATOR = '\u0000';

/** What one series gains, by bucket: `[rows, high, low, …]`. */
export interface SeriesDelta {
  readonly key: readonly string[];
  readonly buckets: Map<number, number[]>;
}

/** What one counter gains. */
export interface CounterDelta {
  readonly labels: readonly string[];
  value: ExactSum;
}

/** What one histogram gains. */
export interface HistogramDelta {
  readonly labels: readonly string[];
  readonly buckets: number[];
  sum: ExactSum;
}

/** One text for the parts of a key or of label values. */
export function keyText(parts: readonly string[]): string {
  return parts.length === 1 ? (parts[0] as string) : parts.join(SEPARATOR);
}

/**
 * What a piece of the stream adds to the state: a transaction, several merged ones, or a slice of a seed. Its size
 * depends on the series and buckets it touches, never on the rows it was folded from (W9).
 */
export class Delta {
  /** Spend-log rows folded in. */
  rows = 0;
  readonly series: { readonly [K in SeriesKind]?: Map<string, SeriesDelta> } = {};
  readonly counters: { readonly [K in CounterKind]?: Map<string, CounterDelta> } = {};
  readonly histograms: { readonly [K in HistogramKind]?: Map<string, HistogramDelta> } = {};
  readonly figures: Partial<Record<FigureName | 'covered_since', number | string>> = {};

  /** Adds one row with its sums to one bucket of one series. */
  addRow(kind: SeriesKind, key: readonly string[], bucket: number, sums: readonly number[]): void {
    const values = this.#bucketValues(kind, key, bucket);
    values[0] = (values[0] as number) + 1;
    for (let place = 0; place < sums.length; place++) {
      addExactAt(values, 1 + 2 * place, sums[place] as number, 0);
    }
  }

  /** Adds to a counter; a negative amount adds 0, because a counter only grows. */
  count(kind: CounterKind, labels: readonly string[], amount: number): void {
    this.addExactly(kind, labels, [Math.max(amount, 0), 0]);
  }

  /** Adds a sum that is known exactly, and is not negative, to a counter. */
  addExactly(kind: CounterKind, labels: readonly string[], amount: ExactSum): void {
    const counters = mapIn(this.counters, kind);
    const text = keyText(labels);
    const entry = counters.get(text);
    if (entry === undefined) counters.set(text, { labels, value: amount });
    else entry.value = addExact(entry.value, amount[0], amount[1]);
  }

  /** Adds one observation in seconds to a histogram with the given upper bounds. */
  observe(kind: HistogramKind, labels: readonly string[], bounds: readonly number[], seconds: number): void {
    const histogram = this.#histogram(kind, labels, bounds.length + 1);
    const place = bounds.findIndex((bound) => seconds <= bound);
    const at = place === -1 ? bounds.length : place;
    histogram.buckets[at] = (histogram.buckets[at] as number) + 1;
    histogram.sum = addExact(histogram.sum, seconds, 0);
  }

  /** Takes in all of another delta. */
  merge(other: Delta): void {
    this.rows += other.rows;
    this.#mergeSeries(other);
    for (const [kind, counters] of entriesOf(other.counters)) {
      for (const { labels, value } of counters.values()) this.addExactly(kind, labels, value);
    }
    for (const [kind, histograms] of entriesOf(other.histograms)) {
      for (const from of histograms.values()) {
        const into = this.#histogram(kind, from.labels, from.buckets.length);
        from.buckets.forEach((amount, place) => {
          into.buckets[place] = (into.buckets[place] as number) + amount;
        });
        into.sum = addExact(into.sum, from.sum[0], from.sum[1]);
      }
    }
    Object.assign(this.figures, other.figures);
  }

  /** Adds what another state holds in one bucket of one series: values as in {@link SeriesDelta}. */
  addValues(kind: SeriesKind, key: readonly string[], bucket: number, added: ArrayLike<number>): void {
    const values = this.#bucketValues(kind, key, bucket);
    values[0] = (values[0] as number) + (added[0] as number);
    for (let at = 1; at < added.length; at += 2) {
      addExactAt(values, at, added[at] as number, added[at + 1] as number);
    }
  }

  #mergeSeries(other: Delta): void {
    for (const [kind, series] of entriesOf(other.series)) {
      for (const { key, buckets } of series.values()) {
        for (const [bucket, values] of buckets) this.addValues(kind, key, bucket, values);
      }
    }
  }

  #bucketValues(kind: SeriesKind, key: readonly string[], bucket: number): number[] {
    const series = mapIn(this.series, kind);
    const text = keyText(key);
    let entry = series.get(text);
    if (entry === undefined) {
      entry = { key, buckets: new Map() };
      series.set(text, entry);
    }
    let values = entry.buckets.get(bucket);
    if (values === undefined) {
      values = new Array<number>(1 + 2 * SERIES_KINDS[kind].sums.length).fill(0);
      entry.buckets.set(bucket, values);
    }
    return values;
  }

  #histogram(kind: HistogramKind, labels: readonly string[], buckets: number): HistogramDelta {
    const histograms = mapIn(this.histograms, kind);
    const text = keyText(labels);
    let entry = histograms.get(text);
    if (entry === undefined) {
      entry = { labels, buckets: new Array<number>(buckets).fill(0), sum: EXACT_ZERO };
      histograms.set(text, entry);
    }
    return entry;
  }
}

function mapIn<K extends string, V>(maps: { readonly [P in K]?: Map<string, V> }, kind: K): Map<string, V> {
  const writable = maps as { [P in K]?: Map<string, V> };
  const existing = writable[kind];
  if (existing !== undefined) return existing;
  const created = new Map<string, V>();
  writable[kind] = created;
  return created;
}

/** The entries of a record whose keys are known, with their type kept. */
export function entriesOf<K extends string, V>(record: { readonly [P in K]?: V }): [K, V][] {
  return Object.entries(record) as [K, V][];
}
