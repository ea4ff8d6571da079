import { Sample } from '../sample.js';
import { labelText, numberText } from './dialect.js';

/** How far ahead a series is looked for: as many may have gone between two that stayed. */
const LOOK_AHEAD = 64;

/**
 * The samples of one family as they were written last, with their lines. Most series stay as they are from one answer
 * to the next, and keep their place in the order of the state; escaping, joining and spelling them again would be most
 * of the work. Memory is that of the last answer alone: what is not written any more is forgotten (W9).
 *
 * Samples are never changed once written, so that two answers may be made from the same memory at a time.
 */
export class RememberedSamples {
  #samples: readonly Sample[] = [];

  /** How many samples are remembered. */
  get size(): number {
    return this.#samples.length;
  }

  /** A way through the memory for one answer, which has to ask in the order in which it writes. */
  recall(): (values: readonly string[], value: number) => Sample {
    const samples = this.#samples;
    let next = 0;
    return (values, value) => {
      const place = placeOf(values, samples, next);
      if (place === -1) return new Sample(values, value);
      next = place + 1;
      const known = samples[place] as Sample;
      if (known.value === value) return known;
      const changed = new Sample(known.values, value);
      changed.prefix = known.prefix;
      return changed;
    };
  }

  /** Remembers what an answer wrote, in place of what was remembered before. */
  remember(samples: readonly Sample[]): void {
    this.#samples = samples;
  }
}

/**
 * The sample's line. It is kept from the second time on: a series that changes with every answer would only fill the
 * memory with lines that are used once.
 */
export function lineOf(sample: Sample, name: string, labels: readonly string[]): string {
  if (sample.line !== '') return sample.line;
  if (sample.prefix === '') sample.prefix = flat(`${name}${labelText(labels, sample.values)} `);
  const line = `${sample.prefix}${numberText(sample.value)}\n`;
  if (sample.written) sample.line = flat(line);
  sample.written = true;
  return line;
}

function placeOf(values: readonly string[], samples: readonly Sample[], from: number): number {
  const end = Math.min(samples.length, from + LOOK_AHEAD);
  for (let place = from; place < end; place++) {
    if (sameTexts((samples[place] as Sample).values, values)) return place;
  }
  return -1;
}

function sameTexts(one: readonly string[], other: readonly string[]): boolean {
  if (one === other) return true;
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
  return one.length === other.length;
}

/** The same text in one piece of memory. V8 keeps concatenations as trees; reading one as a number flattens it. */
function flat(text: string): string {
  Number(text);
  return text;
}
