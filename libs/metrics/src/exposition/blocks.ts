import type { Block, Sample } from '../sample.js';
import type { Steps } from '../steps.js';
import type { Chunks } from './chunks.js';
import { labelText, numberText } from './dialect.js';

/** Every how many new series one is marked as the first of a block: about 30 kB of text. */
export const OPENS_EVERY = 256;

/** A block goes on over marks until it has so many samples: what is left of blocks whose series have gone is joined. */
const FEWEST = OPENS_EVERY / 4;

/** A block is cut here, mark or not, so that writing one stays well below a millisecond. */
const MOST = OPENS_EVERY * 2;

/** Bytes that the value and the line feed take at most. */
const ROOM_FOR_VALUE = 32;

/** UTF-8 needs at most three bytes for a UTF-16 unit. */
const BYTES_A_UNIT = 3;

/** What the lines of one family begin with. */
export interface LineStart {
  readonly name: string;
  readonly labels: readonly string[];
}

/**
 * Writes samples as bytes, block by block. A block whose samples all stand as they did, side by side, is taken as it
 * is; into a new one, lines that have not changed are copied from the old. Where blocks begin is a property of the
 * samples, not of their places: a series that comes or goes changes the block that it is in and no other.
 */
export class BlockWriter {
  #scratch = Buffer.allocUnsafeSlow(65_536);

  /** Writes all samples of a family; a place of rest after each block. */
  *write(samples: readonly Sample[], start: LineStart, chunks: Chunks): Steps {
    for (let from = 0; from < samples.length; ) {
      const block = intactBlock(samples, from) ?? this.#made(samples, from, start);
      chunks.addBytes(block.bytes);
      from += block.ends.length;
      yield;
    }
  }

  #made(samples: readonly Sample[], from: number, start: LineStart): Block {
    const until = endOfBlock(samples, from);
    const ends = new Uint32Array(until - from);
    let length = 0;
    for (let at = from; at < until; ) {
      const same = unchangedLines(samples, at, until);
      if (same > 0) length = this.#copyLines(samples[at] as Sample, ends.subarray(at - from, at - from + same), length);
      else {
        length = this.#addLine(samples[at] as Sample, start, length);
        ends[at - from] = length;
      }
      at += Math.max(same, 1);
    }
    const block = { bytes: Buffer.from(this.#scratch.subarray(0, length)), ends };
    for (let at = from; at < until; at++) {
      const sample = samples[at] as Sample;
      sample.block = block;
      sample.place = at - from;
    }
    return block;
  }

  /** Copies as many lines as there is room for in `ends`, from the block that has them. @returns where the next line goes */
  #copyLines({ block, place }: Sample, ends: Uint32Array, at: number): number {
    const { bytes, ends: old } = block as Block;
    const first = place === 0 ? 0 : (old[place - 1] as number);
    const last = old[place + ends.length - 1] as number;
    this.#makeRoom(at + last - first);
    bytes.copy(this.#scratch, at, first, last);
    for (let line = 0; line < ends.length; line++) ends[line] = (old[place + line] as number) - first + at;
    return at + last - first;
  }

  /** @returns where the next line goes */
  #addLine(sample: Sample, start: LineStart, at: number): number {
    const prefix = prefixOf(sample, start);
    this.#makeRoom(at + prefix.length * BYTES_A_UNIT + ROOM_FOR_VALUE);
    const scratch = this.#scratch;
    let next = at + scratch.write(prefix, at, sample.ascii ? 'latin1' : 'utf8');
    const value = numberText(sample.value);
    // Digit by digit: a call into the runtime for so short a text takes longer.
    for (let place = 0; place < value.length; place++) scratch[next++] = value.charCodeAt(place);
    scratch[next++] = LINE_FEED;
    return next;
  }

  #makeRoom(length: number): void {
    if (length <= this.#scratch.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(length, this.#scratch.length * 2));
    this.#scratch.copy(grown);
    this.#scratch = grown;
  }
}

const LINE_FEED = 10;
const ASCII = /^[\0-\x7f]*$/;

/** The sample's line as text. */
export function lineOf(sample: Sample, start: LineStart): string {
  return `${prefixOf(sample, start)}${numberText(sample.value)}\n`;
}

/** The block that has the samples from here on as they are; null where one of them has changed, come or gone. */
function intactBlock(samples: readonly Sample[], from: number): Block | null {
  const { block, place } = samples[from] as Sample;
  if (block === null || place !== 0) return null;
  return unchangedLines(samples, from, samples.length) === block.ends.length ? block : null;
}

/** How many samples from here on have their lines side by side in one block. */
function unchangedLines(samples: readonly Sample[], from: number, until: number): number {
  const { block, place } = samples[from] as Sample;
  if (block === null) return 0;
  let at = from + 1;
  for (; at < until; at++) {
    const sample = samples[at] as Sample;
    if (sample.block !== block || sample.place !== place + at - from) break;
  }
  return at - from;
}

function endOfBlock(samples: readonly Sample[], from: number): number {
  const last = Math.min(samples.length, from + MOST);
  for (let at = from + FEWEST; at < last; at++) if ((samples[at] as Sample).opens) return at;
  return last;
}

function prefixOf(sample: Sample, { name, labels }: LineStart): string {
  if (sample.prefix === '') {
    sample.prefix = flat(`${name}${labelText(labels, sample.values)} `);
    sample.ascii = ASCII.test(sample.prefix);
  }
  return sample.prefix;
}

/** The same text in one piece of memory. V8 keeps concatenations as trees; reading one as a number flattens it. */
function flat(text: string): string {
  Number(text);
  return text;
}
