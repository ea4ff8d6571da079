const SHAPE =
  /^(\d{4,6})-(\d{2})-(\d{2})[ T](\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(?:Z|([+-])(\d{2})(?::?(\d{2}))?(?::?(\d{2}))?)?( BC)?$/;
/** Milliseconds of 400 Gregorian years, after which the calendar repeats. */
const CYCLE = 146_097 * 86_400_000;
const LONGEST_TIME = 8.64e15;

/**
 * Reads the text of a `timestamp` or `timestamptz` under `DateStyle=ISO` as milliseconds since the Unix epoch, rounded
 * down. A text without a zone is UTC: LiteLLM writes UTC into columns without one.
 *
 * Null for what is no point in time that a `Date` could hold: `infinity`, years beyond 275760, anything else.
 */
export function readTimestamp(text: string): number | null {
  const common = readCommonShape(text);
  const millis = Number.isNaN(common) ? readAnyShape(text) : common;
  return timeWithinRange(millis);
}

/** Milliseconds that a query has computed already; null likewise. */
export function timeWithinRange(millis: number): number | null {
  return Math.abs(millis) <= LONGEST_TIME ? millis : null;
}

/** `2026-01-31 23:59:59[.123456][+00]`, without a regular expression: three of them in every row. NaN for the rest. */
function readCommonShape(text: string): number {
  const year = pair(text, 0) * 100 + pair(text, 2);
  const second = text.charCodeAt(13) === 58 && text.charCodeAt(16) === 58 ? pair(text, 17) : Number.NaN;
  const dashes = text.charCodeAt(4) === 45 && text.charCodeAt(7) === 45 && text.charCodeAt(10) === 32;
  if (!dashes || !(year >= 100)) return Number.NaN;
  let at = 19;
  let millis = 0;
  if (text.charCodeAt(at) === 46) {
    for (let weight = 100; ; weight /= 10) {
      const digit = text.charCodeAt(++at) - 48;
      if (!(digit >= 0 && digit <= 9)) break;
      if (weight >= 1) millis += digit * weight;
    }
  }
  if (at !== text.length && text.slice(at) !== '+00') return Number.NaN;
  return Date.UTC(year, pair(text, 5) - 1, pair(text, 8), pair(text, 11), pair(text, 14), second, millis);
}

function pair(text: string, at: number): number {
  const high = text.charCodeAt(at) - 48;
  const low = text.charCodeAt(at + 1) - 48;
  return high >= 0 && high <= 9 && low >= 0 && low <= 9 ? high * 10 + low : Number.NaN;
}

function readAnyShape(text: string): number {
  const match = SHAPE.exec(text);
  if (match === null) return Number.NaN;
  const part = (at: number): number => Number(match[at] ?? 0);
  const year = match[12] === undefined ? part(1) : 1 - part(1);
  const millis = Number((match[7] ?? '').slice(0, 3).padEnd(3, '0'));
  const offset = (part(9) * 3_600 + part(10) * 60 + part(11)) * (match[8] === '-' ? -1_000 : 1_000);
  // Date.UTC takes the years 0 to 99 for 1900 to 1999.
  const shift = year >= 0 && year <= 99 ? 1 : 0;
  const shifted = Date.UTC(year + 400 * shift, part(2) - 1, part(3), part(4), part(5), part(6), millis);
  return shifted - shift * CYCLE - offset;
}
