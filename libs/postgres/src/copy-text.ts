/** Fields of one row; null is NULL. */
export type CopyFields = (string | null)[];

const NEWLINE = 10;
const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };
const ESCAPED = /\\([0-7]{1,3}|x[0-9A-Fa-f]{1,2}|[\s\S])/g;

/**
 * Puts the text format of `COPY … TO STDOUT` (PostgreSQL manual, "COPY", Text Format) together from the bytes as they
 * come. A newline byte always ends a row: those of values travel as `\n`, and no byte of UTF-8 but itself is 10.
 */
export class CopyTextReader {
  /** What has come of a row that is not whole. Put together once: a row of 50 MB comes in a thousand pieces. */
  private rest: Buffer[] = [];

  /**
   * The rows that are whole with these bytes, each with its newline; a character for every byte, so that a text with
   * accents takes no more memory, nor another way through the code, than one without. See {@link readCopyFields}.
   */
  push(chunk: Buffer): string {
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (end === 0) {
      this.rest.push(chunk);
      return '';
    }
    const begun = this.rest;
    this.rest = end < chunk.length ? [chunk.subarray(end)] : [];
    if (begun.length === 0) return chunk.toString('latin1', 0, end);
    return Buffer.concat([...begun, chunk.subarray(0, end)]).toString('latin1');
  }
}

/** Bytes of a row from which on its fields are read one by one: each would keep all of the row alive otherwise, metadata of megabytes too (W9). */
const LONG = 2_048;

/** The fields of one row, or of the end of one, without its newline. They share no memory with the text given, nor with long ones of each other. */
export function readCopyFields(bytes: string): CopyFields {
  return unescaped(bytes.length > LONG ? bytes.split('\t').map(ownCharacters) : ownCharacters(bytes).split('\t'));
}

/** The fields of one row in its own characters. */
export function readCopyLine(line: string): CopyFields {
  return unescaped(line.split('\t'));
}

function ownCharacters(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

function unescaped(fields: CopyFields): CopyFields {
  for (let index = 0; index < fields.length; index += 1) {
    const field = fields[index];
    if (field === '\\N') fields[index] = null;
    else if (field?.includes('\\')) fields[index] = field.replace(ESCAPED, unescapeOne);
  }
  return fields;
}

function unescapeOne(_: string, code: string): string {
  const first = code.charCodeAt(0);
  if (first >= 48 && first <= 55) return String.fromCharCode(Number.parseInt(code, 8));
  if (first === 120 && code.length > 1) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
  return ESCAPES[code] ?? code;
}
