import { BucketTable } from './bucket-table.js';
import { keyText } from './delta.js';
import { addExactAt } from './exact-sum.js';
import type { PairValue } from './record.js';
import { SERIES_KINDS, type SeriesKind, type SeriesView } from './view.js';

/** One series with its totals over all buckets in the window. */
class Series implements SeriesView {
  rows = 0;
  /** High and low double of each sum. */
  readonly totals: Float64Array;

  constructor(
    readonly id: number,
    readonly key: readonly string[],
    sums: number,
  ) {
    this.totals = new Float64Array(2 * sums);
  }

  sum(place: number): number {
    return this.totals[2 * place] ?? 0;
  }

  /** Adds the difference between what a bucket holds afterwards and what it held before. */
  replace(after: ArrayLike<number>, offset: number, before: Float64Array | undefined): void {
    this.rows += (after[offset] ?? 0) - (before?.[0] ?? 0);
    for (let at = 0; at < this.totals.length; at += 2) {
      if (before !== undefined) {
        addExactAt(this.totals, at, -(before[1 + at] as number), -(before[2 + at] as number));
      }
      addExactAt(this.totals, at, after[offset + 1 + at] ?? 0, after[offset + 2 + at] ?? 0);
    }
  }
}

const NOTHING = new Float64Array(16);

/** All series of one kind: their names, their totals, and what each bucket contributes. */
export class SeriesTable {
  readonly #sums: number;
  readonly #byText = new Map<string, Series>();
  readonly #byId = new Map<number, Series>();
  readonly #buckets = new Map<number, BucketTable>();

  constructor(readonly kind: SeriesKind) {
    this.#sums = SERIES_KINDS[kind].sums.length;
  }

  /** How many (bucket, series) pairs there are. */
  get pairs(): number {
    let pairs = 0;
    for (const bucket of this.#buckets.values()) pairs += bucket.size;
    return pairs;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Series with rows in the window. */
  *series(): Iterable<SeriesView> {
    for (const series of this.#byId.values()) {
      if (series.rows > 0) yield series;
    }
  }

  /** Every series that has a name here, with or without rows. */
  names(): Iterable<SeriesView> {
    return this.#byId.values();
  }

  find(text: string): SeriesView | undefined {
    return this.#byText.get(text);
  }

  define(id: number, key: readonly string[]): void {
    const series = this.#byId.get(id) ?? new Series(id, key, this.#sums);
    this.#byId.set(id, series);
    // Also for a known id: in a replay an older series of the same key may have taken and left the name meanwhile.
    this.#byText.set(keyText(key), series);
  }

  drop(id: number): boolean {
    const series = this.#byId.get(id);
    if (series === undefined) return false;
    this.#byId.delete(id);
    const text = keyText(series.key);
    if (this.#byText.get(text) === series) this.#byText.delete(text);
    return true;
  }

  /** What a bucket holds of a series: `[rows, high, low, …]`. */
  pair(id: number, bucket: number): Float64Array | undefined {
    return this.#buckets.get(bucket)?.get(id);
  }

  /** Sets what a bucket holds of a series. A pair of a series that has no name any more is passed over. */
  setPair(pair: PairValue): void {
    const [id, bucket] = pair as [number, number];
    const series = this.#byId.get(id);
    if (series === undefined) return;
    let table = this.#buckets.get(bucket);
    if (table === undefined) {
      table = new BucketTable(1 + 2 * this.#sums);
      this.#buckets.set(bucket, table);
    }
    series.replace(pair, 2, table.get(id));
    table.set(id, pair, 2);
  }

  /** Rows that each series loses when the buckets before `edge` leave. */
  leaving(edge: number): Map<number, number> {
    const rows = new Map<number, number>();
    for (const [start, table] of this.#buckets) {
      if (start >= edge) continue;
      for (const [id, values] of table.entries()) rows.set(id, (rows.get(id) ?? 0) + (values[0] as number));
    }
    return rows;
  }

  /** Rows of a series over all its buckets. */
  rowsOf(id: number): number {
    return this.#byId.get(id)?.rows ?? 0;
  }

  /** Lets the buckets before `edge` leave. */
  expire(edge: number): void {
    for (const [start, table] of this.#buckets) {
      if (start >= edge) continue;
      for (const [id, values] of table.entries()) this.#byId.get(id)?.replace(NOTHING, 0, values);
      this.#buckets.delete(start);
    }
  }

  /** All pairs, as a record carries them. */
  *pairValues(): Iterable<PairValue> {
    for (const [start, table] of this.#buckets) {
      for (const [id, values] of table.entries()) {
        if (this.#byId.has(id)) yield [id, start, ...values];
      }
    }
  }
}
