import { isAscii } from 'node:buffer';
import type { ColumnValue } from '@app/change';
import type { MutableRow } from './old-key.js';
import type { WantedColumns } from './relation-names.js';

/** A column of the table, and how it begins in a message. */
interface PlannedColumn {
  readonly name: string;
  readonly begin: string;
  readonly wanted: boolean;
}

/** How every column begins. */
const COLUMN = '{"name":"';
const QUOTE = 34;
const MINUS = 45;
const BACKSLASH = 92;
const CLOSE = 125;
const END = ']}';

/**
 * Reads single columns out of wal2json's inserts without parsing all of the message, which carries whole rows: prompts, answers and a
 * dozen columns that nobody asks for. It learns the columns of the table and their order from a parsed message, and goes from one to the
 * next by the text that each begins with, `{"name":"`. That text can't be part of a value: in a JSON string each of its quotes would
 * bear a backslash.
 *
 * It takes no message for granted: where the columns are not exactly those that were learned (one was added, dropped, renamed), it says
 * so, and the message is to be parsed as a whole and learned from.
 */
export class InsertReader {
  readonly #wanted: ReadonlySet<string>;
  readonly #needless: WantedColumns['needless'];
  #plan: readonly PlannedColumn[] | null = null;

  constructor({ names, needless }: WantedColumns) {
    this.#wanted = new Set(names);
    this.#needless = needless;
  }

  /** Learns the order of columns from a row that was read as a whole, and leaves in it what is wanted. */
  learn(row: MutableRow): MutableRow {
    const names = Object.keys(row);
    this.#plan = names.map((name) => {
      const begin = `{"name":${JSON.stringify(name)},"value":`;
      return { name, begin, wanted: this.#wanted.has(name) };
    });
    for (const name of names) if (!this.#wanted.has(name)) delete row[name];
    const needless = this.#needless?.name;
    if (needless !== undefined && this.#isNeedless(needless, row)) delete row[needless];
    return row;
  }

  /** The wanted columns of an insert; null where the message has to be parsed. `text` is the message as latin1, byte by byte. */
  read(message: Buffer, text: string): MutableRow | null {
    if (this.#plan === null) return null;
    const cells = new Cells(message, text);
    const row: MutableRow = Object.create(null);
    let postponed = -1;
    for (const { name, begin, wanted } of this.#plan) {
      if (!cells.find(begin)) return null;
      if (name === this.#needless?.name) postponed = cells.place;
      else if (wanted && !readInto(row, name, cells)) return null;
    }
    if (!cells.atEnd) return null;
    return postponed === -1 || this.#readPostponed(row, cells, postponed) ? row : null;
  }

  /** The column that depends on another one, which may come after it. */
  #readPostponed(row: MutableRow, cells: Cells, place: number): boolean {
    const name = this.#needless?.name ?? '';
    if (!this.#wanted.has(name) || this.#isNeedless(name, row)) return true;
    cells.goBack(place);
    return readInto(row, name, cells);
  }

  #isNeedless(name: string, row: MutableRow): boolean {
    const needless = this.#needless;
    return needless !== undefined && needless.name === name && row[needless.where] === needless.is;
  }
}

function readInto(row: MutableRow, name: string, cells: Cells): boolean {
  const value = cells.next();
  if (value === undefined) return false;
  row[name] = value;
  return true;
}

/** Goes through the columns of one message. */
class Cells {
  readonly #message: Buffer;
  readonly #text: string;
  readonly #ascii: boolean;
  /** Where the next value is looked for. */
  place = 0;
  /** Where the next backslash stands; behind the end where there is none. */
  #backslash = -1;

  constructor(message: Buffer, text: string) {
    this.#message = message;
    this.#text = text;
    this.#ascii = isAscii(message);
  }

  /** True where no further column follows, and the message ends as it should. */
  get atEnd(): boolean {
    return this.#text.endsWith(END) && this.#text.indexOf(COLUMN, this.place) === -1;
  }

  /** Moves to the value of the next column; false where that is another one. */
  find(begin: string): boolean {
    // Behind a value that was read it comes at once, after `},`.
    const next = this.place + 2;
    if (this.#text.startsWith(begin, next)) return this.#moveTo(next + begin.length);
    const found = this.#text.indexOf(COLUMN, this.place);
    return found !== -1 && this.#text.startsWith(begin, found) && this.#moveTo(found + begin.length);
  }

  /** To a place that {@link place} has told. */
  goBack(place: number): void {
    this.place = place;
    this.#backslash = -1;
  }

  #moveTo(place: number): true {
    this.place = place;
    return true;
  }

  /** The value here, with the place moved to the brace behind it; undefined for none that is known. */
  next(): ColumnValue | undefined {
    const first = this.#text.charCodeAt(this.place);
    if (first === QUOTE) return this.#string();
    const end = this.#text.indexOf('}', this.place);
    const literal = this.#text.slice(this.place, end);
    this.place = end;
    if (literal === 'null') return null;
    if (literal === 'true') return true;
    if (literal === 'false') return false;
    if (first !== MINUS && !(first >= 48 && first <= 57)) return undefined;
    const value = Number(literal);
    if (Number.isNaN(value)) return undefined;
    // A numeric beyond the range of doubles is printed in full, and becomes Infinity, as with JSON.parse.
    return Number.isFinite(value) ? value : null;
  }

  #string(): string | undefined {
    const from = this.place + 1;
    const end = this.#endOfString(from);
    if (end === -1 || this.#text.charCodeAt(end + 1) !== CLOSE) return undefined;
    this.place = end + 1;
    if (this.#backslashFrom(from) < end) return unescaped(this.#message.toString('utf8', from - 1, end + 1));
    // Slices of the text would keep all of it alive for as long as one of them lives.
    return this.#message.toString(this.#ascii ? 'latin1' : 'utf8', from, end);
  }

  /** The quote that ends a string: the first without a backslash of its own. */
  #endOfString(from: number): number {
    for (let end = this.#text.indexOf('"', from); end !== -1; end = this.#text.indexOf('"', end + 1)) {
      let backslashes = 0;
      while (this.#text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes += 1;
      if (backslashes % 2 === 0) return end;
    }
    return -1;
  }

  #backslashFrom(from: number): number {
    if (this.#backslash < from) {
      const found = this.#text.indexOf('\\', from);
      this.#backslash = found === -1 ? this.#text.length : found;
    }
    return this.#backslash;
  }
}

function unescaped(literal: string): string | undefined {
  try {
    return JSON.parse(literal) as string;
  } catch {
    return undefined;
  }
}
