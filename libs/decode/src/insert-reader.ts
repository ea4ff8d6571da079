import { type MessageBytes, pattern } from './message-bytes.js';
import { emptyRow, type MutableRow } from './old-key.js';
import type { WantedColumns } from './relation-names.js';
import { RepeatedTexts } from './repeated-texts.js';
import { Cells, END } from './wal2json-cells.js';

/** A column of the table, and what follows its value in a message. */
interface PlannedColumn {
  readonly name: string;
  /** The beginning of the next column, or the end of the message. */
  readonly next: DataView;
  readonly wanted: boolean;
  readonly texts: RepeatedTexts;
}

/**
 * Reads single columns out of wal2json's inserts without parsing all of the message, which carries whole rows: prompts, answers and a
 * dozen columns that nobody asks for. It learns the columns of the table and their order from a parsed message, and goes from one to the
 * next by the text between them, `},{"name":"`. That text can't be part of a value: in a JSON string each of its quotes would bear a
 * backslash.
 *
 * It takes no message for granted: where the columns are not exactly those that were learned (one was added, dropped, renamed), it says
 * so, and the message is to be parsed as a whole and learned from.
 */
export class InsertReader {
  readonly #wanted: ReadonlySet<string>;
  readonly #needless: WantedColumns['needless'];
  /** How the first column begins. */
  #first: DataView = pattern('');
  #plan: readonly PlannedColumn[] | null = null;

  constructor({ names, needless }: WantedColumns) {
    this.#wanted = new Set(names);
    this.#needless = needless;
  }

  /** Learns the order of columns from a row that was read as a whole, and leaves in it what is wanted. */
  learn(row: MutableRow): MutableRow {
    const names = Object.keys(row);
    const begins = names.map((name) => `{"name":${JSON.stringify(name)},"value":`);
    this.#first = pattern(begins[0] ?? '');
    this.#plan = names.map((name, index) => {
      const following = begins[index + 1];
      const next = following === undefined ? END : pattern(`},${following}`);
      return { name, next, wanted: this.#wanted.has(name), texts: new RepeatedTexts() };
    });
    for (const name of names) if (!this.#wanted.has(name)) delete row[name];
    const needless = this.#needless?.name;
    if (needless !== undefined && this.#isNeedless(needless, row)) delete row[needless];
    return row;
  }

  /** The wanted columns of an insert, whose first column begins at `from`; null where the message has to be parsed. */
  read(message: MessageBytes, from: number): MutableRow | null {
    if (this.#plan === null) return null;
    const cells = new Cells(message, from);
    if (!cells.pass(this.#first)) return null;
    const row = emptyRow();
    let postponed: PlannedColumn | null = null;
    let place = 0;
    for (const column of this.#plan) {
      if (column.name === this.#needless?.name && column.wanted) {
        postponed = column;
        place = cells.place;
      } else if (column.wanted) {
        if (!readInto(row, column, cells)) return null;
        continue;
      }
      if (!cells.skip(column.next)) return null;
    }
    if (!cells.atEnd) return null;
    // What makes it needless may come after it.
    if (postponed === null || this.#isNeedless(postponed.name, row)) return row;
    cells.place = place;
    return readInto(row, postponed, cells) ? row : null;
  }

  #isNeedless(name: string, row: MutableRow): boolean {
    const needless = this.#needless;
    return needless !== undefined && needless.name === name && row[needless.where] === needless.is;
  }
}

function readInto(row: MutableRow, { name, next, texts }: PlannedColumn, cells: Cells): boolean {
  const value = cells.read(texts);
  if (value === undefined) return false;
  row[name] = value;
  return cells.pass(next);
}
