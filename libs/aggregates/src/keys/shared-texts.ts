import { ownText } from '../own-text.js';

/** Ids that many entities name, each kept once and told by a number; '' is 0. */
export class SharedTexts {
  readonly #numbers = new Map<string, number>([['', 0]]);
  readonly #texts: string[] = [''];
  readonly #uses: number[] = [1];
  readonly #free: number[] = [];

  /** The number of a text, which counts as used once more. */
  use(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) {
      this.#uses[known] = (this.#uses[known] as number) + 1;
      return known;
    }
    const number = this.#free.pop() ?? this.#texts.length;
    const own = ownText(text);
    this.#numbers.set(own, number);
    this.#texts[number] = own;
    this.#uses[number] = 1;
    return number;
  }

  /** The text of a number that is in use. */
  text(number: number): string {
    return this.#texts[number] as string;
  }

  /** One use less; a text without any is forgotten. */
  release(number: number): void {
    const uses = (this.#uses[number] as number) - 1;
    this.#uses[number] = uses;
    if (uses > 0) return;
    this.#numbers.delete(this.#texts[number] as string);
    this.#texts[number] = '';
    this.#free.push(number);
  }
}
