/** Length at which a chunk is closed, in UTF-16 units; its bytes are as many for ASCII. */
const CHUNK_LENGTH = 65_536;

/** Gathers text into buffers of about 64 kB. */
export class Chunks {
  readonly #closed: Buffer[] = [];
  #open = '';

  /** Adds text, in one piece with what came before. */
  add(text: string): void {
    this.#open += text;
    if (this.#open.length >= CHUNK_LENGTH) this.#close();
  }

  /** All that was added. */
  finish(): readonly Buffer[] {
    if (this.#open !== '') this.#close();
    return this.#closed;
  }

  #close(): void {
    this.#closed.push(Buffer.from(this.#open, 'utf8'));
    this.#open = '';
  }
}
