/** Texts that one column keeps in mind. */
const SLOTS = 1_024;
/** Longer ones are not kept. */
const LONGEST = 256;
/** Of so many texts a quarter must have been there before; else the column rests for {@link REST} of them. */
const TRIAL = 512;
const REST = 50_000;
const NO_SLOT = -1;

/**
 * Texts of one column that come again and again, as models, keys and teams do: each is made once, is found again by its bytes, and is then
 * the very same string, whose hash is known already. A column whose texts differ from row to row, like an id, is soon left alone.
 */
export class RepeatedTexts {
  readonly #texts: (string | undefined)[] = new Array(SLOTS);
  /** How many bytes each text has, and the bytes, {@link LONGEST} apart. */
  readonly #lengths = new Int16Array(SLOTS).fill(-1);
  #bytes: DataView | null = null;
  #slot = 0;
  #asked = 0;
  #found = 0;
  #resting = 0;

  /** What the bytes between two places stood for the last time; undefined where that is not known. */
  find(message: DataView, from: number, to: number): string | undefined {
    if (this.#resting > 0) {
      this.#resting -= 1;
      this.#slot = NO_SLOT;
      return undefined;
    }
    if (this.#asked === TRIAL) this.#judge();
    this.#asked += 1;
    const slot = slotOf(message, from, to);
    this.#slot = slot;
    if (this.#lengths[slot] !== to - from || !this.#holds(slot, message, from)) return undefined;
    this.#found += 1;
    return this.#texts[slot];
  }

  /** Remembers what the bytes stand for that were looked for last and not found. */
  remember(message: DataView, from: number, to: number, text: string): void {
    const length = to - from;
    if (this.#slot === NO_SLOT || this.#resting > 0 || length > LONGEST) return;
    this.#bytes ??= new DataView(new ArrayBuffer(SLOTS * LONGEST));
    const start = this.#slot * LONGEST;
    for (let index = 0; index < length; index += 1) this.#bytes.setUint8(start + index, message.getUint8(from + index));
    this.#lengths[this.#slot] = length;
    this.#texts[this.#slot] = text;
  }

  #holds(slot: number, message: DataView, from: number): boolean {
    const bytes = this.#bytes;
    if (bytes === null) return false;
    const start = slot * LONGEST;
    const length = this.#lengths[slot] ?? 0;
    let index = 0;
    for (; index < length - 3; index += 4) {
      if (bytes.getInt32(start + index, true) !== message.getInt32(from + index, true)) return false;
    }
    for (; index < length; index += 1) {
      if (bytes.getUint8(start + index) !== message.getUint8(from + index)) return false;
    }
    return true;
  }

  /** Keeps nothing meanwhile: a quarter of a megabyte for each column. */
  #rest(): void {
    this.#resting = REST;
    this.#bytes = null;
    this.#lengths.fill(-1);
    this.#texts.fill(undefined);
  }

  #judge(): void {
    if (this.#found < TRIAL / 4) this.#rest();
    this.#asked = 0;
    this.#found = 0;
  }
}

/** By length and some eight bytes: enough to tell names and ids apart. */
function slotOf(message: DataView, from: number, to: number): number {
  const step = (to - from) >> 3 || 1;
  let hash = to - from;
  for (let at = from; at < to; at += step) hash = (Math.imul(hash, 31) + message.getUint8(at)) | 0;
  return (hash ^ (hash >>> 10) ^ (hash >>> 20)) & (SLOTS - 1);
}
