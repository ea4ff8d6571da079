import type { SampleId } from '../family.js';
import type { Steps } from '../steps.js';
import { labelText } from './dialect.js';

interface CachedText {
  values: readonly string[];
  text: string;
  /** The last answer that used it. */
  used: number;
}

/** Texts kept beyond twice of what an answer used, before the unused ones are thrown away. */
const SLACK = 1_024;

/**
 * Texts of label sets, kept from answer to answer: a series' labels rarely change, and escaping and joining them is
 * most of the work of writing it. A text is found by the sample's id and used only while all label values are the same.
 */
export class LabelTexts {
  readonly #texts = new Map<SampleId, CachedText>();
  #answer = 0;
  #used = 0;

  constructor(private readonly labels: readonly string[]) {}

  /** Texts that are kept. */
  get size(): number {
    return this.#texts.size;
  }

  /** The label set with its braces; '' without labels. */
  textOf(values: readonly string[], id: SampleId | undefined): string {
    if (id === undefined) return labelText(this.labels, values);
    const known = this.#texts.get(id);
    if (known === undefined) {
      const text = flat(labelText(this.labels, values));
      this.#texts.set(id, { values, text, used: this.#answer });
      this.#used += 1;
      return text;
    }
    if (known.used !== this.#answer) {
      known.used = this.#answer;
      this.#used += 1;
    }
    if (!sameTexts(known.values, values)) {
      known.values = values;
      known.text = flat(labelText(this.labels, values));
    }
    return known.text;
  }

  /** Ends an answer: forgets texts that were not used, once they are more than those that were (W9). */
  *endAnswer(): Steps {
    const unused = this.#texts.size - this.#used;
    if (unused > this.#used + SLACK) {
      let visited = 0;
      for (const [id, { used }] of this.#texts) {
        if (used !== this.#answer) this.#texts.delete(id);
        visited += 1;
        if (visited % SLACK === 0) yield;
      }
    }
    this.#answer += 1;
    this.#used = 0;
  }
}

function sameTexts(one: readonly string[], other: readonly string[]): boolean {
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
  return one.length === other.length;
}

/** The same text in one piece of memory. V8 keeps concatenations as trees; reading it as a number flattens it. */
function flat(text: string): string {
  Number(text);
  return text;
}
