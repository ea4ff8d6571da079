const NONE = 0;
const FIRST_CAPACITY = 16;

/**
 * Finds addresses by a hash of what lies there: open addressing in one typed array, four bytes a place, because a Map
 * entry would cost more than a whole packed key. An address is a positive 32-bit integer; the index keeps no hashes.
 */
export class AddressIndex {
  readonly #hashOf: (address: number) => number;
  #places = new Uint32Array(FIRST_CAPACITY);
  #size = 0;

  /** @param hashOf the hash, 32 bits, of what lies at an address that is in the index */
  constructor(hashOf: (address: number) => number) {
    this.#hashOf = hashOf;
  }

  get size(): number {
    return this.#size;
  }

  /** The address with this hash for which `isIt` holds; undefined where there is none. */
  find(hash: number, isIt: (address: number) => boolean): number | undefined {
    const mask = this.#places.length - 1;
    for (let place = spread(hash) & mask; ; place = (place + 1) & mask) {
      const address = this.#places[place] as number;
      if (address === NONE) return undefined;
      if (isIt(address)) return address;
    }
  }

  /** Adds an address that is not there yet. */
  add(address: number): void {
    if ((this.#size + 1) * 10 > this.#places.length * 7) this.#grow();
    this.#put(address);
    this.#size += 1;
  }

  /** Removes an address. @returns false where it was not there */
  remove(address: number): boolean {
    const places = this.#places;
    const mask = places.length - 1;
    let place = spread(this.#hashOf(address)) & mask;
    while (places[place] !== address) {
      if (places[place] === NONE) return false;
      place = (place + 1) & mask;
    }
    this.#close(place);
    this.#size -= 1;
    return true;
  }

  *addresses(): Iterable<number> {
    for (const address of this.#places) if (address !== NONE) yield address;
  }

  /** Moves up what would not be found any more behind an empty place. */
  #close(from: number): void {
    const places = this.#places;
    const mask = places.length - 1;
    let empty = from;
    for (let place = (empty + 1) & mask; places[place] !== NONE; place = (place + 1) & mask) {
      const home = spread(this.#hashOf(places[place] as number)) & mask;
      if (((place - home) & mask) < ((place - empty) & mask)) continue;
      places[empty] = places[place] as number;
      empty = place;
    }
    places[empty] = NONE;
  }

  #put(address: number): void {
    const mask = this.#places.length - 1;
    let place = spread(this.#hashOf(address)) & mask;
    while (this.#places[place] !== NONE) place = (place + 1) & mask;
    this.#places[place] = address;
  }

  #grow(): void {
    const old = this.#places;
    this.#places = new Uint32Array(old.length * 2);
    for (const address of old) if (address !== NONE) this.#put(address);
  }
}

/** Whatever pattern the hashes have, neighbours do not pile up in runs (the finaliser of MurmurHash3). */
function spread(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
