import { AddressIndex } from './address-index.js';
import { BucketTable } from './bucket-table.js';
import { addExactAt } from './exact-sum.js';
import { hashOfTexts } from './hash-of-texts.js';
import type { PairValue } from './record.js';
import { SeriesTotals } from './series-totals.js';
import { SERIES_KINDS, type SeriesKind, type SeriesView } from './view.js';

/** One series with its totals over all buckets in the window. */
class Series implements SeriesView {
  /** {@link hashOf} its key: to hash a name of a hundred letters again at each growth of the index was half of a load. */
  readonly hash: number;

  constructor(
    readonly id: number,
    readonly key: readonly string[],
    /** Where its totals are. */
    readonly place: number,
    private readonly totals: SeriesTotals,
  ) {
    this.hash = hashOf(key);
  }

  get rows(): number {
    return this.totals.values[this.place] as number;
  }

  sum(place: number): number {
    const { values, stride } = this.totals;
    const at = 1 + 2 * place;
    return at < stride ? (values[this.place + at] as number) : 0;
  }

  /** Adds the difference between what a bucket holds afterwards and what it held before. */
  replace(after: ArrayLike<number>, offset: number, before: Float64Array | undefined): void {
    const { values, stride } = this.totals;
    const rows = (after[offset] ?? 0) - (before?.[0] ?? 0);
    values[this.place] = (values[this.place] as number) + rows;
    for (let at = 1; at < stride; at += 2) {
      const to = this.place + at;
      if (before !== undefined) addExactAt(values, to, -(before[at] as number), -(before[at + 1] as number));
      addExactAt(values, to, after[offset + at] ?? 0, after[offset + at + 1] ?? 0);
    }
  }
}

const NOTHING = new Float64Array(16);

/** All series of one kind: their names, their totals, and what each bucket contributes. */
export class SeriesTable {
  readonly #sums: number;
  readonly #totals: SeriesTotals;
  readonly #byId = new Map<number, Series>();
  /** Ids by the hash of their keys: a map by text would cost a series as much as all the rest. */
  readonly #byKey = new AddressIndex((id) => this.#seriesOf(id).hash);
  readonly #buckets = new Map<number, BucketTable>();

  constructor(readonly kind: SeriesKind) {
    this.#sums = SERIES_KINDS[kind].sums.length;
    this.#totals = new SeriesTotals(this.#sums);
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

  /** The series of a key; undefined where it has none. */
  find(key: readonly string[]): SeriesView | undefined {
    return this.#named(key, hashOf(key));
  }

  #named(key: readonly string[], hash: number): Series | undefined {
    const isIt = (id: number): boolean => {
      const series = this.#seriesOf(id);
      return series.hash === hash && sameTexts(series.key, key);
    };
    const id = this.#byKey.find(hash, isIt);
    return id === undefined ? undefined : this.#byId.get(id);
  }

  define(id: number, key: readonly string[]): void {
    const series = this.#byId.get(id) ?? new Series(id, key, this.#totals.open(), this.#totals);
    this.#byId.set(id, series);
    // Also for a known id: in a replay an older series of the same key may have taken and left the name meanwhile.
    const named = this.#named(key, series.hash)?.id;
    if (named === id) return;
    if (named !== undefined) this.#byKey.remove(named);
    this.#byKey.add(id);
  }

  drop(id: number): boolean {
    const series = this.#byId.get(id);
    if (series === undefined) return false;
    if (this.#named(series.key, series.hash) === series) this.#byKey.remove(id);
    this.#byId.delete(id);
    this.#totals.close(series.place);
    return true;
  }

  /** Rows of a series in one bucket. */
  rowsIn(id: number, bucket: number): number {
    return this.#buckets.get(bucket)?.rowsOf(id) ?? 0;
  }

  /** A pair as a record carries it, as it stands: zeros where the bucket holds nothing of the series. */
  pairBefore(id: number, bucket: number): number[] {
    const pair = [id, bucket];
    if (this.#buckets.get(bucket)?.appendTo(id, pair) === true) return pair;
    for (let place = 0; place <= 2 * this.#sums; place++) pair.push(0);
    return pair;
  }

  /** Sets what a bucket holds of a series. A pair of a series that has no name any more is passed over. */
  setPair(pair: PairValue): void {
    const id = pair[0] as number;
    const bucket = pair[1] as number;
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

  #seriesOf(id: number): Series {
    return this.#byId.get(id) as Series;
  }
}

/** As a signed number, which V8 keeps in place. */
function hashOf(key: readonly string[]): number {
  return hashOfTexts(key) | 0;
}

function sameTexts(one: readonly string[], other: readonly string[]): boolean {
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
  return one.length === other.length;
}
