import type { ColumnValue } from '@app/change';
import { type MessageBytes, pattern, startsWith } from './message-bytes.js';
import { numberIn } from './numbers.js';
import type { RepeatedTexts } from './repeated-texts.js';

/** How every column but the first begins, the end of the one before it included. */
const COLUMN = '},{"name":"';
const COLUMN_BYTES = pattern(COLUMN);
/** How a message ends. */
export const END = pattern('}]}');
const NULL = pattern('null');
const TRUE = pattern('true');
const FALSE = pattern('false');
const QUOTE = 34;
const MINUS = 45;
const ZERO = 48;
const NINE = 57;
const BACKSLASH = 92;
const CLOSE = 125;
/** Bytes that are looked at one by one before the rest is searched. */
const NEAR = 128;

/** Goes through the values of one of wal2json's messages, byte by byte. */
export class Cells {
  readonly #message: Buffer;
  readonly #view: DataView;
  /** Where it stands. */
  place: number;

  constructor({ buffer, view }: MessageBytes, place: number) {
    this.#message = buffer;
    this.#view = view;
    this.place = place;
  }

  get atEnd(): boolean {
    return this.place === this.#message.length;
  }

  /** Moves over these bytes; false where others stand here. */
  pass(bytes: DataView): boolean {
    if (!startsWith(this.#view, this.place, bytes)) return false;
    this.place += bytes.byteLength;
    return true;
  }

  /** Moves over a value and what follows it; false where that is something else. */
  skip(next: DataView): boolean {
    const message = this.#message;
    const start = this.place;
    const near = Math.min(start + NEAR, message.length);
    for (let at = start; at < near; at += 1) {
      if (message[at] === CLOSE && startsWith(this.#view, at, COLUMN_BYTES)) {
        this.place = at;
        return this.pass(next);
      }
    }
    const column = message.indexOf(COLUMN, near, 'latin1');
    this.place = next === END && column === -1 ? message.length - END.byteLength : column;
    return this.place >= start && this.pass(next);
  }

  /** Reads a value and moves behind it; undefined for none that is known. */
  read(texts: RepeatedTexts): ColumnValue | undefined {
    const first = this.#message[this.place] ?? 0;
    if (first === QUOTE) return this.#string(texts);
    if (first === MINUS || (first >= ZERO && first <= NINE)) return this.#number();
    if (this.pass(NULL)) return null;
    if (this.pass(TRUE)) return true;
    return this.pass(FALSE) ? false : undefined;
  }

  #number(): number | null | undefined {
    const message = this.#message;
    const from = this.place;
    let to = from;
    while (to < message.length && message[to] !== CLOSE) to += 1;
    this.place = to;
    const value = numberIn(message, from, to);
    // A numeric beyond the range of doubles is printed in full, and null; what is no number at all is for JSON.parse to refuse.
    return value === null && Number.isNaN(Number(message.toString('latin1', from, to))) ? undefined : value;
  }

  #string(texts: RepeatedTexts): string | undefined {
    const message = this.#message;
    const from = this.place + 1;
    const end = message.length;
    let to = from;
    let escaped = false;
    let highest = 0;
    for (; to < end; to += 1) {
      const byte = message[to] ?? 0;
      if (byte === QUOTE) break;
      highest |= byte;
      if (byte === BACKSLASH) {
        escaped = true;
        to += 1;
      }
    }
    if (to >= end) return undefined;
    this.place = to + 1;
    const known = texts.find(this.#view, from, to);
    if (known !== undefined) return known;
    const value = escaped
      ? unescaped(message.toString('utf8', from - 1, to + 1))
      : message.toString(highest < 128 ? 'latin1' : 'utf8', from, to);
    if (value !== undefined) texts.remember(this.#view, from, to, value);
    return value;
  }
}

function unescaped(literal: string): string | undefined {
  try {
    return JSON.parse(literal) as string;
  } catch {
    return undefined;
  }
}
