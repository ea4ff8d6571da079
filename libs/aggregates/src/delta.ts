import { addExactAt } from './exact-sum.js';
import { inOneTurn, SLICE, sliced, type Work } from './in-turns.js';
import { keyParts, keyText } from './key.js';
import type { ExactSum } from './record.js';
import { type CounterKind, type FigureName, type HistogramKind, SERIES_KINDS, type SeriesKind } from './view.js';

/**
 * What the series of one kind gain, `[rows, high, low, …]` by bucket and by the text of their key. A transaction touches hardly more than
 * one bucket, and most of its rows are the first of their series: so a series costs its values here, and nothing else.
 */
export type SeriesDeltas = Map<number, Map<string, number[]>>;

/** What one counter gains; `value` is an exact sum that is added to in place. */
export interface CounterDelta {
  readonly labels: readonly string[];
  readonly value: [high: number, low: number];
}

/** What one histogram gains; `sum` likewise. */
export interface HistogramDelta {
  readonly labels: readonly string[];
  readonly buckets: number[];
  readonly sum: [high: number, low: number];
}

/**
 * What a piece of the stream adds to the state: a transaction, several merged ones, or a slice of a seed. Its size
 * depends on the series and buckets it touches, never on the rows it was folded from (W9).
 */
export class Delta {
  /** Spend-log rows folded in. */
  rows = 0;
  readonly series: { readonly [K in SeriesKind]?: SeriesDeltas } = {};
  readonly counters: { readonly [K in CounterKind]?: Map<string, CounterDelta> } = {};
  readonly histograms: { readonly [K in HistogramKind]?: Map<string, HistogramDelta> } = {};
  readonly figures: Partial<Record<FigureName | 'covered_since', number | string>> = {};
  /** Where the last row of each kind went: most of the next ones go there, too. */
  readonly #last: { [K in SeriesKind]?: { readonly bucket: number; readonly series: Map<string, number[]> } } = {};

  /** (bucket, series) pairs that gain something: what a delta takes of memory, and what it takes to make a step of it. */
  get pairs(): number {
    let pairs = 0;
    for (const [, buckets] of entriesOf<SeriesKind, SeriesDeltas>(this.series)) {
      for (const series of buckets.values()) pairs += series.size;
    }
    return pairs;
  }

  /** Adds rows to one bucket of the series with this text of its key; returns its values, for its sums to be added. */
  addRow(kind: SeriesKind, text: string, bucket: number, rows = 1): number[] {
    const values = this.#valuesOf(kind, text, bucket);
    values[0] = (values[0] as number) + rows;
    return values;
  }

  /** Adds one row with one sum to one bucket of one series. */
  addRowWith(kind: SeriesKind, text: string, bucket: number, sum: number): void {
    addExactAt(this.addRow(kind, text, bucket), 1, sum, 0);
  }

  /** Adds to a counter; a negative amount adds 0, because a counter only grows. */
  count(kind: CounterKind, labels: readonly string[], amount: number): void {
    addExactAt(this.#counter(kind, keyText(labels), labels), 0, Math.max(amount, 0), 0);
  }

  /** As {@link count}, for one label or more whose text is at hand. */
  countText(kind: CounterKind, text: string, amount: number): void {
    addExactAt(this.#counter(kind, text), 0, Math.max(amount, 0), 0);
  }

  /** Adds a sum that is known exactly, and is not negative, to a counter. */
  addExactly(kind: CounterKind, labels: readonly string[], amount: ExactSum): void {
    addExactAt(this.#counter(kind, keyText(labels), labels), 0, amount[0], amount[1]);
  }

  /** Adds one observation in seconds to a model's histogram with the given upper bounds. */
  observe(kind: HistogramKind, model: string, bounds: readonly number[], seconds: number): void {
    const histogram = this.#histogram(kind, model, bounds.length + 1);
    let at = 0;
    while (at < bounds.length && seconds > (bounds[at] as number)) at += 1;
    histogram.buckets[at] = (histogram.buckets[at] as number) + 1;
    addExactAt(histogram.sum, 0, seconds, 0);
  }

  /** Takes in all of another delta, which is used up by it: parts of it belong to this one afterwards. */
  merge(other: Delta): void {
    inOneTurn(this.merging(other));
  }

  /** {@link merge} in slices; until its end this delta is neither the one nor the other. */
  *merging(other: Delta): Work<void> {
    this.rows += other.rows;
    for (const [kind, buckets] of entriesOf<SeriesKind, SeriesDeltas>(other.series)) {
      delete this.#last[kind];
      yield* mergeMaps(mapIn(this.series, kind), buckets, (own, added) => joined(own, added, addTo));
    }
    for (const [kind, counters] of entriesOf<CounterKind, Map<string, CounterDelta>>(other.counters)) {
      setIn(this.counters, kind, yield* joined(mapIn(this.counters, kind), counters, addCounter));
    }
    for (const [kind, histograms] of entriesOf<HistogramKind, Map<string, HistogramDelta>>(other.histograms)) {
      setIn(this.histograms, kind, yield* joined(mapIn(this.histograms, kind), histograms, addHistogram));
    }
    Object.assign(this.figures, other.figures);
  }

  /** Adds what another state holds in one bucket of one series: values as in {@link SeriesDeltas}. */
  addValues(kind: SeriesKind, key: readonly string[], bucket: number, added: ArrayLike<number>): void {
    addTo(this.#valuesOf(kind, keyText(key), bucket), added);
  }

  #valuesOf(kind: SeriesKind, text: string, bucket: number): number[] {
    let last = this.#last[kind];
    if (last?.bucket !== bucket) {
      last = { bucket, series: this.#seriesIn(kind, bucket) };
      this.#last[kind] = last;
    }
    const { series } = last;
    let values = series.get(text);
    if (values === undefined) {
      values = zeros(SERIES_KINDS[kind].sums.length);
      series.set(text, values);
    }
    return values;
  }

  #seriesIn(kind: SeriesKind, bucket: number): Map<string, number[]> {
    const buckets = mapIn(this.series, kind);
    const known = buckets.get(bucket);
    if (known !== undefined) return known;
    const series = new Map<string, number[]>();
    buckets.set(bucket, series);
    return series;
  }

  #counter(kind: CounterKind, text: string, labels?: readonly string[]): [number, number] {
    const counters = mapIn(this.counters, kind);
    let entry = counters.get(text);
    if (entry === undefined) {
      entry = { labels: labels ?? keyParts(text), value: [0, 0] };
      counters.set(text, entry);
    }
    return entry.value;
  }

  #histogram(kind: HistogramKind, model: string, buckets: number): HistogramDelta {
    const histograms = mapIn(this.histograms, kind);
    let entry = histograms.get(model);
    if (entry === undefined) {
      entry = { labels: [model], buckets: new Array<number>(buckets).fill(0), sum: [0, 0] };
      histograms.set(model, entry);
    }
    return entry;
  }
}

/** Written out for the kinds there are: V8 learns what a literal becomes and makes the next one so at once. */
function zeros(sums: number): number[] {
  if (sums === 0) return [0];
  if (sums === 1) return [0, 0, 0];
  return new Array<number>(1 + 2 * sums).fill(0);
}

function addTo(values: number[], added: ArrayLike<number>): void {
  values[0] = (values[0] as number) + (added[0] as number);
  for (let at = 1; at < added.length; at += 2) {
    addExactAt(values, at, added[at] as number, added[at + 1] as number);
  }
}

/** Takes over what is new, and joins the rest. */
function* mergeMaps<K, V>(into: Map<K, V>, from: ReadonlyMap<K, V>, join: (own: V, added: V) => Work<V>): Work<void> {
  for (const [key, added] of from) {
    const own = into.get(key);
    into.set(key, own === undefined ? added : yield* join(own, added));
  }
}

/** Adds the smaller of two maps to the larger one, whichever that is: one of a million entries costs nothing beside one of ten. */
function* joined<T>(own: Map<string, T>, added: Map<string, T>, add: (into: T, from: T) => void): Work<Map<string, T>> {
  const [into, from] = own.size < added.size ? [added, own] : [own, added];
  const join = ([text, entry]: readonly [string, T]): void => {
    const known = into.get(text);
    if (known === undefined) into.set(text, entry);
    else add(known, entry);
  };
  if (from.size > SLICE) yield* sliced(from, join);
  else for (const entry of from) join(entry);
  return into;
}

function addCounter(into: CounterDelta, { value }: CounterDelta): void {
  addExactAt(into.value, 0, value[0], value[1]);
}

function addHistogram(into: HistogramDelta, from: HistogramDelta): void {
  for (let place = 0; place < from.buckets.length; place += 1) {
    into.buckets[place] = (into.buckets[place] as number) + (from.buckets[place] as number);
  }
  addExactAt(into.sum, 0, from.sum[0], from.sum[1]);
}

function mapIn<K extends string, Name, V>(maps: { readonly [P in K]?: Map<Name, V> }, kind: K): Map<Name, V> {
  const writable = maps as { [P in K]?: Map<Name, V> };
  const existing = writable[kind];
  if (existing !== undefined) return existing;
  const created = new Map<Name, V>();
  writable[kind] = created;
  return created;
}

function setIn<K extends string, V>(maps: { readonly [P in K]?: V }, kind: K, value: V): void {
  (maps as { [P in K]?: V })[kind] = value;
}

/** The entries of a record whose keys are known, with their type kept. */
export function entriesOf<K extends string, V>(record: { readonly [P in K]?: V }): [K, V][] {
  return Object.entries(record) as [K, V][];
}
