import type { Block } from '../sample.js';

/** Length at which text is closed into a chunk, in UTF-16 units; its bytes are as many for ASCII. */
const CHUNK_LENGTH = 65_536;

/** Gathers text and bytes into buffers of some ten kB each. */
export class Chunks {
  readonly #closed: Buffer[] = [];
  /** The blocks among them. */
  readonly blocks: Block[] = [];
  #open = '';

  /** Adds text, in one piece with text that came before. */
  add(text: string): void {
    this.#open += text;
    if (this.#open.length >= CHUNK_LENGTH) this.#close();
  }

  /** Adds a block as a chunk of its own, which stays the same buffer. */
  addBlock(block: Block): void {
    this.#close();
    this.#closed.push(block.bytes);
    this.blocks.push(block);
  }

  /** All that was added. */
  finish(): readonly Buffer[] {
    this.#close();
    return this.#closed;
  }

  #close(): void {
    if (this.#open === '') return;
    this.#closed.push(Buffer.from(this.#open, 'utf8'));
    this.#open = '';
  }
}
