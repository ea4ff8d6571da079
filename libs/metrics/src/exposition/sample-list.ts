import type { Sample } from '../sample.js';

/**
 * The samples of one answer. Most answers list the same ones in the same order as the answer before: as long as they do,
 * its list stands for theirs, and none of so many entries is made only to be garbage an answer later.
 */
export class SampleList {
  #same = 0;
  #own: Sample[] | null = null;

  /** @param before what the answer before listed */
  constructor(private readonly before: readonly Sample[] = []) {}

  get length(): number {
    return this.#own?.length ?? this.#same;
  }

  add(sample: Sample): void {
    if (this.#own === null && this.before[this.#same] === sample) this.#same += 1;
    else this.#ownList().push(sample);
  }

  /** What was added, not to be changed. */
  all(): readonly Sample[] {
    return this.#own ?? (this.#same === this.before.length ? this.before : this.#ownList());
  }

  #ownList(): Sample[] {
    this.#own ??= this.before.slice(0, this.#same);
    return this.#own;
  }
}
