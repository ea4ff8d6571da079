/** Texts that are remembered at a time: more would cost more than they save. */
const CAPACITY = 50_000;

/**
 * Gives equal texts the same memory. A stored state names a user once for each of his series, and every name comes as a
 * text of its own.
 */
export class TextPool {
  readonly #texts = new Map<string, string>();

  /** The parts of a key, each shared with the keys that came before. */
  shared(key: readonly string[]): readonly string[] {
    return key.length < 2 ? key : key.map((text) => this.#one(text));
  }

  #one(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    if (this.#texts.size >= CAPACITY) this.#texts.clear();
    this.#texts.set(text, text);
    return text;
  }
}
