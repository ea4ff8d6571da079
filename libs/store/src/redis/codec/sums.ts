import type { ByteReader, ByteWriter } from './bytes.js';

/** How a sum is written: two bits for each of up to four sums share a byte in front. */
const ZERO = 0;
const WHOLE = 1;
const HIGH_ONLY = 2;
const BOTH = 3;

const SUMS_A_BYTE = 4;

function formOf(high: number, low: number): number {
  if (low !== 0) return BOTH;
  if (high === 0) return ZERO;
  return Number.isSafeInteger(high) && high > 0 ? WHOLE : HIGH_ONLY;
}

/** Writes `values[from], values[from + 1], …` as pairs of high and low: tokens take a few bytes, money eight or sixteen. */
export function writeSums(writer: ByteWriter, values: ArrayLike<number>, from: number): void {
  for (let group = from; group < values.length; group += 2 * SUMS_A_BYTE) {
    const end = Math.min(group + 2 * SUMS_A_BYTE, values.length);
    let forms = 0;
    for (let at = group, shift = 0; at < end; at += 2, shift += 2) {
      forms |= formOf(values[at] as number, values[at + 1] as number) << shift;
    }
    writer.byte(forms);
    for (let at = group; at < end; at += 2, forms >>= 2) {
      const form = forms & 3;
      if (form === WHOLE) writer.varint(values[at] as number);
      else if (form !== ZERO) writer.double(values[at] as number);
      if (form === BOTH) writer.double(values[at + 1] as number);
    }
  }
}

/** Appends `count` sums that {@link writeSums} wrote to `into`. */
export function readSums(reader: ByteReader, count: number, into: number[]): void {
  for (let group = 0; group < count; group += SUMS_A_BYTE) {
    let forms = reader.byte();
    for (let place = group; place < Math.min(group + SUMS_A_BYTE, count); place++, forms >>= 2) {
      const form = forms & 3;
      if (form === ZERO) into.push(0);
      else into.push(form === WHOLE ? reader.varint() : reader.double());
      into.push(form === BOTH ? reader.double() : 0);
    }
  }
}
