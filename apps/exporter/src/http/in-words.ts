const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
] as const;

/** A length of time by its two largest units: `1 d 2 h`, `3 min 5 s`, `0 s`. */
export function durationInWords(seconds: number): string {
  let rest = Math.max(0, Math.round(seconds));
  const words: string[] = [];
  for (const [unit, length] of UNITS) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count > 0) words.push(`${count} ${unit}`);
    else if (words.length > 0) break;
    if (words.length === 2) break;
  }
  return words.length === 0 ? '0 s' : words.join(' ');
}

/** A count with its thousands apart: `1 234 567`, with spaces that don't break. */
export function countInWords(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, '\u00a0');
}

const SIZES = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** A number of bytes in the largest unit that leaves at least 1 of it: `16.0 MiB`, `512 B`. */
export function bytesInWords(bytes: number): string {
  let size = 0;
  let amount = bytes;
  while (amount >= 1024 && size < SIZES.length - 1) {
    amount /= 1024;
    size += 1;
  }
  return `${size === 0 ? countInWords(amount) : amount.toFixed(1)} ${SIZES[size]}`;
}
