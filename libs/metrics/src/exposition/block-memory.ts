import type { Block } from '../sample.js';

/** Memory is taken in pieces of so many bytes, so that a block whose numbers have other lengths still fits. */
const PIECE = 4_096;

/**
 * The memory of blocks: what those have had that nobody needs any more goes to new ones. Where many lines change, an
 * answer makes blocks of as many bytes as itself; as fresh memory outside of the heap, those would have V8 collect all
 * garbage every few answers.
 */
export class BlockMemory {
  /** Free memory by its size. */
  readonly #free = new Map<number, Buffer[]>();

  /** A block of copies: where its lines end stands before them in its memory. */
  block(lines: Buffer, lineEnds: Uint32Array): Block {
    const size = Math.ceil((lineEnds.byteLength + lines.length) / PIECE) * PIECE;
    const memory = this.#free.get(size)?.pop() ?? Buffer.allocUnsafeSlow(size);
    const ends = new Uint32Array(memory.buffer, 0, lineEnds.length);
    ends.set(lineEnds);
    const bytes = memory.subarray(ends.byteLength, ends.byteLength + lines.length);
    lines.copy(bytes);
    return { bytes, ends, uses: ends.length };
  }

  /** Takes note that a line or an answer does not need a block any more; nobody reads it after its last use. */
  release(block: Block): void {
    block.uses -= 1;
    if (block.uses > 0) return;
    const memory = Buffer.from(block.bytes.buffer);
    const free = this.#free.get(memory.length);
    if (free === undefined) this.#free.set(memory.length, [memory]);
    else free.push(memory);
  }

  /** Leaves what is free to the garbage collection: an answer has what it needs, and the next one brings its own. */
  forget(): void {
    this.#free.clear();
  }
}
