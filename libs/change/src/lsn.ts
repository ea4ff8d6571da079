declare const lsnBrand: unique symbol;

/**
 * A position in PostgreSQL's write-ahead log, in bytes (PostgreSQL manual, "pg_lsn Type").
 *
 * Order with `<` and `>` on the value itself, never on a text form: `A/0` is less than `10/0`. Built by
 * {@link parseLsn}, {@link lsnFromHex} and {@link lsnOf} only.
 */
export type Lsn = bigint & { readonly [lsnBrand]: 'Lsn' };

const MAX_LSN = 0xffff_ffff_ffff_ffffn;
const TEXT_FORM = /^([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})$/;
const HEX_FORM = /^[0-9a-f]{16}$/;

/**
 * Brands an integer as a position.
 *
 * @throws RangeError when the value does not fit in 64 unsigned bits.
 */
export function lsnOf(value: bigint): Lsn {
  if (value < 0n || value > MAX_LSN) {
    throw new RangeError(`an LSN is between 0 and 2^64 - 1, got ${value}`);
  }
  return value as Lsn;
}

/** The position before everything; PostgreSQL calls it InvalidXLogRecPtr. */
export const LSN_ZERO: Lsn = lsnOf(0n);

/**
 * Reads PostgreSQL's text form, `16/B374D848`.
 *
 * @throws SyntaxError that quotes the text when it has another form.
 */
export function parseLsn(text: string): Lsn {
  const match = TEXT_FORM.exec(text);
  if (match === null) {
    throw new SyntaxError(`an LSN has the form X/Y in hexadecimal, got ${JSON.stringify(text)}`);
  }
  return lsnOf((BigInt(`0x${match[1]}`) << 32n) | BigInt(`0x${match[2]}`));
}

/** Writes PostgreSQL's text form, without padding, as `pg_lsn` prints it. */
export function formatLsn(lsn: Lsn): string {
  return `${(lsn >> 32n).toString(16).toUpperCase()}/${(lsn & 0xffff_ffffn).toString(16).toUpperCase()}`;
}

/** Writes 16 lower-case hexadecimal digits: text order equals position order, and no double is involved. */
export function lsnToHex(lsn: Lsn): string {
  return lsn.toString(16).padStart(16, '0');
}

/**
 * Reads what {@link lsnToHex} wrote.
 *
 * @throws SyntaxError that quotes the text when it is not 16 lower-case hexadecimal digits.
 */
export function lsnFromHex(text: string): Lsn {
  if (!HEX_FORM.test(text)) {
    throw new SyntaxError(`a stored LSN has 16 lower-case hexadecimal digits, got ${JSON.stringify(text)}`);
  }
  return lsnOf(BigInt(`0x${text}`));
}

/** Bytes from `from` to `to` as a number, 0 when `to` does not lie ahead. */
export function lsnDistance(from: Lsn, to: Lsn): number {
  return to > from ? Number(to - from) : 0;
}
