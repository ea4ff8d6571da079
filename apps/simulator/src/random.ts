/** Spreads a text over four 32-bit numbers (FNV-1a with four offsets), so that close seeds give unrelated streams. */
function spread(text: string): [number, number, number, number] {
  const parts: [number, number, number, number] = [0x811c9dc5, 0x01234567, 0x89abcdef, 0xdeadbeef];
  for (let index = 0; index < text.length; index += 1) {
    for (let part = 0; part < 4; part += 1) {
      parts[part] = Math.imul((parts[part] as number) ^ (text.charCodeAt(index) + part * 0x9e37), 0x01000193);
    }
  }
  return parts;
}

/**
 * A seeded source of randomness (sfc32): the same seed gives the same numbers on every machine. Nothing in the
 * simulator takes randomness from anywhere else.
 */
export class Random {
  private readonly seed: string;
  private a: number;
  private b: number;
  private c: number;
  private counter: number;

  constructor(seed: number | string) {
    this.seed = String(seed);
    [this.a, this.b, this.c, this.counter] = spread(this.seed);
    for (let round = 0; round < 15; round += 1) this.bits();
  }

  /** A stream of its own, which depends only on this one's seed and the label, not on what was drawn so far. */
  fork(label: string): Random {
    return new Random(`${this.seed}/${label}`);
  }

  /** A number in [0, 1). */
  next(): number {
    return this.bits() / 0x1_0000_0000;
  }

  /** A whole number from `min` to `max`, both included. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of the items. @throws RangeError when there is none. */
  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError('nothing to pick from');
    return items[Math.floor(this.next() * items.length)] as T;
  }

  /** One of the items, the first ones far more often than the last: how traffic spreads over keys and models. */
  pickSkewed<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError('nothing to pick from');
    return items[Math.floor(this.next() ** 2.5 * items.length)] as T;
  }

  /** One of the values, each with its weight. */
  weighted<T>(choices: readonly (readonly [weight: number, value: T])[]): T {
    let left = this.next() * choices.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, value] of choices) {
      left -= weight;
      if (left < 0) return value;
    }
    return (choices[choices.length - 1] as readonly [number, T])[1];
  }

  /** A log-normal number around its median; sigma 1 spreads it over about two decades. */
  logNormal(median: number, sigma: number): number {
    const u = 1 - this.next();
    const normal = Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * this.next());
    return median * Math.exp(sigma * normal);
  }

  /** Lower-case hexadecimal digits. */
  hex(length: number): string {
    let text = '';
    while (text.length < length) text += this.bits().toString(16).padStart(8, '0');
    return text.slice(0, length);
  }

  /** A version 4 UUID. */
  uuid(): string {
    const digits = this.hex(32);
    const variant = '89ab'[this.integer(0, 3)] as string;
    return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-${variant}${digits.slice(17, 20)}-${digits.slice(20)}`;
  }

  private bits(): number {
    const sum = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + sum;
    this.c |= 0;
    return sum >>> 0;
  }
}
