import { Sample } from '../sample.js';
import { OPENS_EVERY } from './blocks.js';

/** How far ahead a series is looked for: as many may have gone between two that stayed. */
const LOOK_AHEAD = 64;

/**
 * The samples of one family as they were written last. Most series stay as they are from one answer to the next, and
 * keep their place in the order of the state; escaping, joining and spelling them again would be most of the work.
 * Memory is that of the last answer alone: what is not written any more is forgotten (W9).
 *
 * A sample takes on the value of the answer that is being written: answers are made from a memory one at a time.
 */
export class RememberedSamples {
  #samples: readonly Sample[] = [];
  #created = 0;

  /** What was written last. */
  get all(): readonly Sample[] {
    return this.#samples;
  }

  /** A way through the memory for one answer, which has to ask in the order in which it writes. */
  recall(): (values: readonly string[], value: number) => Sample {
    const samples = this.#samples;
    let next = 0;
    return (values, value) => {
      const place = placeOf(values, samples, next);
      if (place === -1) return new Sample(values.slice(), value, this.#created++ % OPENS_EVERY === 0);
      next = place + 1;
      const known = samples[place] as Sample;
      if (known.value !== value) {
        known.value = value;
        known.written = false;
      }
      return known;
    };
  }

  /** Remembers what an answer wrote, in place of what was remembered before. */
  remember(samples: readonly Sample[]): void {
    this.#samples = samples;
  }
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
