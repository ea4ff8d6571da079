const FIRST_CAPACITY = 16;
const GROWTH = 1.5;

/**
 * Totals of all series of a kind side by side: the row count, and two doubles for each sum. An array of its own would
 * cost each series ten times as much as its numbers.
 */
export class SeriesTotals {
  readonly stride: number;
  #values: Float64Array;
  #used = 0;
  readonly #free: number[] = [];

  /** @param sums sums beside the row count */
  constructor(sums: number) {
    this.stride = 1 + 2 * sums;
    this.#values = new Float64Array(FIRST_CAPACITY * this.stride);
  }

  /** All totals; valid until the next {@link open}. */
  get values(): Float64Array {
    return this.#values;
  }

  /** A place for one series, with zeros: where its row count is in {@link values}. */
  open(): number {
    const place = this.#free.pop() ?? this.#used++ * this.stride;
    if (place >= this.#values.length) {
      const grown = new Float64Array(Math.ceil((this.#values.length / this.stride) * GROWTH) * this.stride);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values.fill(0, place, place + this.stride);
    return place;
  }

  /** Lets another series have the place. */
  close(place: number): void {
    this.#free.push(place);
  }
}
