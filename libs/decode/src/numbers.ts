const ZERO = 48;
/** Digits of which every integer is a double. */
const EXACT_DIGITS = 15;

/**
 * The number that a text spells: beyond 2^53 the nearest double, as JSON.parse does; NaN, Infinity and what no double can hold are null.
 */
export function toNumber(text: string): number | null {
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}

/** The same of the bytes between two places; without a string of them where they are digits, as counts of tokens are. */
export function numberIn(message: Buffer, from: number, to: number): number | null {
  if (to - from > EXACT_DIGITS) return toNumber(message.toString('latin1', from, to));
  let value = 0;
  for (let at = from; at < to; at += 1) {
    const digit = (message[at] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return toNumber(message.toString('latin1', from, to));
    value = value * 10 + digit;
  }
  return value;
}
