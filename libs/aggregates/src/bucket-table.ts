// Looked up once: in a context of its own, as specs run in, each look at a global costs.
const { imul } = Math;

const EMPTY = 0;
/** Makes a 32-bit hash a fraction of 1. */
const TO_UNIT = 2 ** -32;
const FIRST_CAPACITY = 16;
/**
 * A full table grows by a quarter, and not to twice its size: most tables are of buckets that have passed, and what they have in
 * reserve nobody will ever need.
 */
const GROWTH = 1.25;
/** How much of a table may be taken. */
const FULL = 0.8;

/**
 * What the series of one kind contribute to one bucket: open addressing over typed arrays, because there are millions
 * of (bucket, series) pairs and a Map entry costs more than the values. Entries are never removed one by one: a bucket
 * leaves whole.
 */
export class BucketTable {
  readonly #stride: number;
  #ids = new Uint32Array(FIRST_CAPACITY);
  #values: Float64Array;
  #size = 0;

  /** @param stride values per entry: the row count, and two doubles for each sum. */
  constructor(stride: number) {
    this.#stride = stride;
    this.#values = new Float64Array(FIRST_CAPACITY * stride);
  }

  get size(): number {
    return this.#size;
  }

  /** The values of a series as a view into the table, valid until the next {@link set}; undefined without an entry. */
  get(id: number): Float64Array | undefined {
    const slot = this.#slotOf(id);
    return this.#ids[slot] === EMPTY ? undefined : this.#valuesAt(slot);
  }

  /** The row count of a series; 0 without an entry. */
  rowsOf(id: number): number {
    const slot = this.#slotOf(id);
    return this.#ids[slot] === EMPTY ? 0 : (this.#values[slot * this.#stride] as number);
  }

  /** Appends the values of a series to an array; false, and nothing appended, without an entry. Spares the view that {@link get} makes. */
  appendTo(id: number, to: number[]): boolean {
    const slot = this.#slotOf(id);
    if (this.#ids[slot] === EMPTY) return false;
    const start = slot * this.#stride;
    for (let place = 0; place < this.#stride; place++) to.push(this.#values[start + place] as number);
    return true;
  }

  /** Sets the values of a series, read from `from` beginning at `offset`. */
  set(id: number, from: ArrayLike<number>, offset: number): void {
    let slot = this.#slotOf(id);
    if (this.#ids[slot] === EMPTY) {
      if (this.#size + 1 > this.#ids.length * FULL) {
        this.#grow();
        slot = this.#slotOf(id);
      }
      this.#ids[slot] = id;
      this.#size += 1;
    }
    const start = slot * this.#stride;
    for (let place = 0; place < this.#stride; place++) {
      this.#values[start + place] = from[offset + place] ?? 0;
    }
  }

  /**
   * All entries, not in the order of their slots: that is the order of their hashes, and a smaller table that is filled in it has them all side
   * by side before it grows, so that each looks through the run of all before it.
   */
  *entries(): Iterable<readonly [id: number, values: Float64Array]> {
    const capacity = this.#ids.length;
    const stride = strideThrough(capacity);
    for (let visited = 0, slot = 0; visited < capacity; visited++, slot = (slot + stride) % capacity) {
      const id = this.#ids[slot] as number;
      if (id !== EMPTY) yield [id, this.#valuesAt(slot)];
    }
  }

  #valuesAt(slot: number): Float64Array {
    return this.#values.subarray(slot * this.#stride, (slot + 1) * this.#stride);
  }

  #slotOf(id: number): number {
    const ids = this.#ids;
    const capacity = ids.length;
    // Fibonacci hashing: ids are dense, and neighbours would otherwise pile up in runs. The upper bits say where in the table.
    let slot = Math.floor((imul(id, 0x9e3779b1) >>> 0) * TO_UNIT * capacity);
    while (ids[slot] !== EMPTY && ids[slot] !== id) {
      slot += 1;
      if (slot === capacity) slot = 0;
    }
    return slot;
  }

  /** Value by value: a view for each entry would make the growth of a large table ten times as long, in one turn of the event loop. */
  #grow(): void {
    const ids = this.#ids;
    const before = this.#values;
    const stride = this.#stride;
    const capacity = Math.ceil(ids.length * GROWTH);
    const after = new Float64Array(capacity * stride);
    this.#ids = new Uint32Array(capacity);
    for (let slot = 0; slot < ids.length; slot++) {
      const id = ids[slot] as number;
      if (id === EMPTY) continue;
      const to = this.#slotOf(id);
      this.#ids[to] = id;
      for (let place = 0; place < stride; place++) after[to * stride + place] = before[slot * stride + place] as number;
    }
    this.#values = after;
  }
}

/** A step that comes by every slot once, and is far from small fractions of the table: the golden section's. */
function strideThrough(capacity: number): number {
  let stride = Math.max(1, Math.floor(capacity * 0.618));
  while (divisor(capacity, stride) > 1) stride += 1;
  return stride;
}

/** The greatest that both have. */
function divisor(one: number, other: number): number {
  return other === 0 ? one : divisor(other, one % other);
}
