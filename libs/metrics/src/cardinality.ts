import { SampleList } from './exposition/sample-list.js';
import type { GaugeFamily } from './family.js';
import { Sample } from './sample.js';

/** What the labels of folded series say. */
const OTHER = 'other';

/**
 * The series of one gauge, at most `cap` label sets of them (METRICS.md, "Cardinality"). Beyond the cap additive gauges
 * fold their smallest series into `other`, one for each combination of the labels that stay real, so that sums stay
 * right; other gauges drop what comes too late. Holds no more than `cap` series at a time.
 */
export class CappedSamples {
  /** Where nothing folds, all that is kept. */
  readonly #listed: SampleList;
  /** Where it does, a heap of what is kept. */
  readonly #kept: Sample[] = [];
  readonly #others = new Map<string, Sample>();
  readonly #real: readonly boolean[];
  #folding = false;
  #folded = 0;

  /**
   * @param cap 0 = no cap.
   * @param before what the answer before listed
   */
  constructor(
    private readonly family: Pick<GaugeFamily, 'labels' | 'realLabels' | 'additive'>,
    private readonly cap: number,
    before: readonly Sample[] = [],
  ) {
    this.#listed = new SampleList(before);
    this.#real = family.labels.map((label) => family.realLabels.includes(label));
  }

  /** Series that were folded or dropped. */
  get folded(): number {
    return this.#folded;
  }

  /** Takes a series. One whose value is not finite is not shown. */
  add(sample: Sample): void {
    if (!Number.isFinite(sample.value)) return;
    if (this.#folding) this.#addFolding(sample);
    else if (this.cap === 0 || this.#listed.length < this.cap) this.#listed.add(sample);
    else if (this.family.additive === 'drop') this.#folded += 1;
    else {
      this.#startFolding();
      this.#addFolding(sample);
    }
  }

  /** What is to be written: at most `cap` series. */
  result(): readonly Sample[] {
    return this.#folding ? [...this.#kept, ...this.#others.values()] : this.#listed.all();
  }

  /** From here on `#kept` is a heap with its smallest series on top. */
  #startFolding(): void {
    this.#folding = true;
    for (const sample of this.#listed.all()) {
      if (this.#isOther(sample.values)) this.#addToOther(sample);
      else this.#kept.push(sample);
    }
    for (let at = (this.#kept.length >> 1) - 1; at >= 0; at--) this.#sink(at);
  }

  #addFolding(sample: Sample): void {
    if (this.#isOther(sample.values)) {
      this.#addToOther(sample);
    } else if (this.#kept.length + this.#others.size < this.cap) {
      this.#kept.push(sample);
      this.#rise(this.#kept.length - 1);
      return;
    } else {
      this.#fold(this.#smallerOf(sample));
    }
    while (this.#kept.length > 0 && this.#kept.length + this.#others.size > this.cap) this.#fold(this.#takeSmallest());
  }

  /** Keeps the larger of the sample and the smallest kept one, and gives the other. */
  #smallerOf(sample: Sample): Sample {
    const smallest = this.#kept[0];
    if (smallest === undefined || sample.value <= smallest.value) return sample;
    this.#kept[0] = sample;
    this.#sink(0);
    return smallest;
  }

  #takeSmallest(): Sample {
    const smallest = this.#kept[0] as Sample;
    const last = this.#kept.pop() as Sample;
    if (this.#kept.length > 0) {
      this.#kept[0] = last;
      this.#sink(0);
    }
    return smallest;
  }

  #fold(sample: Sample): void {
    this.#folded += 1;
    this.#addToOther(sample);
  }

  #addToOther({ values, value }: Sample): void {
    const folded = values.map((text, at) => (this.#real[at] ? text : OTHER));
    const name = folded.join('\u0000');
    const other = this.#others.get(name);
    if (other === undefined) this.#others.set(name, new Sample(folded, value));
    else other.value += value;
  }

  /** True for a series that bears the labels of folded ones already: the state folds too. */
  #isOther(values: readonly string[]): boolean {
    return values.every((text, at) => this.#real[at] || text === OTHER);
  }

  #sink(from: number): void {
    const heap = this.#kept;
    for (let at = from; ; ) {
      let smallest = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (valueAt(heap, child) < valueAt(heap, smallest)) smallest = child;
      }
      if (smallest === at) return;
      [heap[at], heap[smallest]] = [heap[smallest] as Sample, heap[at] as Sample];
      at = smallest;
    }
  }

  #rise(from: number): void {
    const heap = this.#kept;
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (valueAt(heap, parent) <= valueAt(heap, at)) return;
      [heap[at], heap[parent]] = [heap[parent] as Sample, heap[at] as Sample];
      at = parent;
    }
  }
}

function valueAt(heap: readonly Sample[], at: number): number {
  return heap[at]?.value ?? Number.POSITIVE_INFINITY;
}
