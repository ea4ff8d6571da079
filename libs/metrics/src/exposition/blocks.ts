import type { Block, Sample } from '../sample.js';
import type { Steps } from '../steps.js';
import { BlockMemory } from './block-memory.js';
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
  readonly #memory = new BlockMemory();
  #scratch = Buffer.allocUnsafeSlow(65_536);
  readonly #ends = new Uint32Array(MOST);

  /** Ends an answer, which uses its blocks from now on. @returns what gives them back */
  finish(blocks: readonly Block[]): () => void {
    for (const block of blocks) block.uses += 1;
    this.#memory.forget();
    return () => {
      for (const block of blocks) this.#memory.release(block);
    };
  }

  /** Writes all samples of a family; a place of rest after each block. */
  *write(samples: readonly Sample[], start: LineStart, chunks: Chunks): Steps {
    for (let from = 0; from < samples.length; ) {
      const block = intactBlock(samples, from) ?? this.#made(samples, from, start);
      chunks.addBlock(block);
      from += block.ends.length;
      yield;
    }
  }

  #made(samples: readonly Sample[], from: number, start: LineStart): Block {
    const until = endOfBlock(samples, from);
    const ends = this.#ends.subarray(0, until - from);
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
    const block = this.#memory.block(this.#scratch.subarray(0, length), ends);
    for (let at = from; at < until; at++) this.#move(samples[at] as Sample, block, at - from);
    return block;
  }

  #move(sample: Sample, block: Block, place: number): void {
    if (sample.block !== null) this.#memory.release(sample.block);
    sample.block = block;
    sample.place = place;
    sample.written = true;
  }

  /** Copies as many lines as there is room for in `ends`, from the block that has them. @returns where the next line goes */
  #copyLines(first: Sample, ends: Uint32Array, at: number): number {
    const { bytes, ends: old } = first.block as Block;
    const start = lineStart(first);
    const end = old[first.place + ends.length - 1] as number;
    this.#makeRoom(at + end - start);
    bytes.copy(this.#scratch, at, start, end);
    for (let line = 0; line < ends.length; line++) ends[line] = (old[first.place + line] as number) - start + at;
    return at + end - start;
  }

  /** @returns where the next line goes */
  #addLine(sample: Sample, start: LineStart, at: number): number {
    let next = this.#addPrefix(sample, start, at);
    const scratch = this.#scratch;
    const value = numberText(sample.value);
    // Digit by digit: a call into the runtime for so short a text takes longer.
    for (let place = 0; place < value.length; place++) scratch[next++] = value.charCodeAt(place);
    scratch[next++] = LINE_FEED;
    return next;
  }

  /** The line up to the value, which is copied where it has been written before. @returns where the value goes */
  #addPrefix(sample: Sample, start: LineStart, at: number): number {
    if (sample.block !== null) {
      this.#makeRoom(at + sample.prefixLength + ROOM_FOR_VALUE);
      const from = lineStart(sample);
      sample.block.bytes.copy(this.#scratch, at, from, from + sample.prefixLength);
    } else {
      const prefix = prefixOf(sample, start);
      this.#makeRoom(at + prefix.length * BYTES_A_UNIT + ROOM_FOR_VALUE);
      sample.prefixLength = this.#scratch.write(prefix, at, 'utf8');
    }
    return at + sample.prefixLength;
  }

  #makeRoom(length: number): void {
    if (length <= this.#scratch.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(length, this.#scratch.length * 2));
    this.#scratch.copy(grown);
    this.#scratch = grown;
  }
}

const LINE_FEED = 10;

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

/** How many samples from here on have their lines as they are, and side by side in one block. */
function unchangedLines(samples: readonly Sample[], from: number, until: number): number {
  const { block, place, written } = samples[from] as Sample;
  if (!written) return 0;
  let at = from + 1;
  for (; at < until; at++) {
    const sample = samples[at] as Sample;
    if (!sample.written || sample.block !== block || sample.place !== place + at - from) break;
  }
  return at - from;
}

/** Where the line of a sample begins in its block. */
function lineStart({ block, place }: Sample): number {
  return place === 0 ? 0 : ((block as Block).ends[place - 1] as number);
}

function endOfBlock(samples: readonly Sample[], from: number): number {
  const last = Math.min(samples.length, from + MOST);
  for (let at = from + FEWEST; at < last; at++) if ((samples[at] as Sample).opens) return at;
  return last;
}

function prefixOf({ values }: Sample, { name, labels }: LineStart): string {
  return `${name}${labelText(labels, values)} `;
}
