/** Length at which text is closed into a chunk, in UTF-16 units; its bytes are as many for ASCII. */
const CHUNK_LENGTH = 65_536;

/** Gathers text and bytes into buffers of some ten kB each. */
export class Chunks {
  readonly #closed: Buffer[] = [];
  #open = '';

  /** Adds text, in one piece with text that came before. */
  add(text: string): void {
    this.#open += text;
    if (this.#open.length >= CHUNK_LENGTH) this.#close();
  }

  /** Adds bytes as a chunk of their own, which stays the same buffer. */
  addBytes(bytes: Buffer): void {
    this.#close();
    this.#closed.push(bytes);
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
