import { AddressIndex } from '../address-index.js';
import { hashOfTexts } from '../hash-of-texts.js';

/** Where packed keys tell their pairs. */
export interface PairSource {
  /** The pair of labels of the key at an address, as one text. */
  pairAt(address: number): string;
  /** {@link hashOfTexts} of that text. */
  pairHash(address: number): number;
}

/**
 * How many keys bear a pair of labels. Most pairs are borne by one packed key, and of these only the address is kept,
 * four to eight bytes; pairs that several keys bear, or one that is not packed, are counted by their text.
 */
export class PairCounts {
  readonly #source: PairSource;
  readonly #single: AddressIndex;
  readonly #counted = new Map<string, number>();

  constructor(source: PairSource) {
    this.#source = source;
    this.#single = new AddressIndex((address) => source.pairHash(address));
  }

  /** Keys that bear the pair. */
  count(pair: string): number {
    const single = this.#singleOf(pair) === undefined ? 0 : 1;
    return single + (this.#counted.get(pair) ?? 0);
  }

  /** One key more; `address` of a packed key that bears it. */
  add(pair: string, address?: number): void {
    const counted = this.#counted.get(pair);
    if (counted !== undefined || address === undefined) {
      this.#counted.set(pair, (counted ?? 0) + 1);
      return;
    }
    const other = this.#singleOf(pair);
    if (other === undefined) {
      this.#single.add(address);
      return;
    }
    this.#single.remove(other);
    this.#counted.set(pair, 2);
  }

  /** One key less; `address` of a packed key, which still has to be there. */
  remove(pair: string, address?: number): void {
    if (address !== undefined && this.#single.remove(address)) return;
    const count = (this.#counted.get(pair) ?? 0) - 1;
    if (count > 0) this.#counted.set(pair, count);
    else this.#counted.delete(pair);
  }

  #singleOf(pair: string): number | undefined {
    const source = this.#source;
    return this.#single.find(hashOfTexts([pair]), (address) => source.pairAt(address) === pair);
  }
}
