import type { RejectionReason, SpendMeasures } from './fact.js';
import { timeWithinRange } from './timestamp.js';

const TAB = 9;
/** Digits up to which a number is added up here; more of them may be more than a double holds. */
const EXACT_DIGITS = 15;
const MICROSECOND_DIGITS = 16;
/** Seconds that the microseconds of a far future may lack in a double. */
const FAR_SLACK = 2e-3;
const NULL = '\\N';

const NOTHING: readonly RejectionReason[] = Object.freeze([]);
const TIME: readonly RejectionReason[] = Object.freeze(['time_unreadable'] as const);
const SPEND: readonly RejectionReason[] = Object.freeze(['spend_not_finite'] as const);
const TOKENS: readonly RejectionReason[] = Object.freeze(['tokens_not_finite'] as const);
const BOTH: readonly RejectionReason[] = Object.freeze([...SPEND, ...TOKENS]);

/**
 * Reads what differs from row to row of a seed (`MEASURE_COLUMNS`) straight out of the text of many lines, as `COPY` writes them: a row
 * costs no list of fields, and hardly a text. What it says of a line holds until the next one is read.
 */
export class SeedMeasures implements SpendMeasures {
  startTime = 0;
  /** `startTime` in microseconds since the Unix epoch; NaN where the column has none that is read. Exact until the year 2106. */
  startMicros = Number.NaN;
  endTime = 0;
  completionStartTime: number | null = null;
  durationMs: number | null = null;
  spend = 0;
  totalTokens = 0;
  promptTokens = 0;
  completionTokens = 0;
  /** What could not be used. Where that is a time, the line is no row. */
  rejections = NOTHING;
  #text = '';
  #at = 0;
  #null = false;

  /** False where the line has no place in any window. */
  get placed(): boolean {
    return this.rejections !== TIME;
  }

  /** Reads the line that begins at `from`; returns where its other columns begin. Never throws. */
  read(text: string, from: number): number {
    this.#text = text;
    this.#at = from;
    this.startMicros = this.#number(MICROSECOND_DIGITS);
    const start = timeWithinRange(millisOf(this.startMicros));
    const end = timeWithinRange(this.#number());
    this.completionStartTime = timeWithinRange(this.#number());
    const duration = this.#number();
    this.durationMs = Number.isFinite(duration) ? duration : null;
    const spend = this.#number();
    const total = this.#tokens();
    const prompt = this.#tokens();
    const completion = this.#tokens();
    this.startTime = start ?? 0;
    this.endTime = end ?? 0;
    this.spend = Number.isFinite(spend) ? spend : 0;
    this.totalTokens = Number.isFinite(total) ? total : 0;
    this.promptTokens = Number.isFinite(prompt) ? prompt : 0;
    this.completionTokens = Number.isFinite(completion) ? completion : 0;
    // One by one: the sum of finite numbers may be infinite.
    const tokensRead = Number.isFinite(total) && Number.isFinite(prompt) && Number.isFinite(completion);
    this.rejections = start === null || end === null ? TIME : rejectionsOf(Number.isFinite(spend), tokensRead);
    return this.#at;
  }

  #tokens(): number {
    const tokens = this.#number();
    return this.#null ? 0 : tokens;
  }

  /** The number of the next column; NaN for NULL, and for what is no number. */
  #number(digits = EXACT_DIGITS): number {
    const text = this.#text;
    const from = this.#at;
    let value = 0;
    let at = from;
    for (;;) {
      const digit = text.charCodeAt(at) - 48;
      if (!(digit >= 0 && digit <= 9)) break;
      value = value * 10 + digit;
      at += 1;
    }
    this.#null = false;
    if (text.charCodeAt(at) === TAB && at > from && at - from <= digits) {
      this.#at = at + 1;
      return value;
    }
    return this.#anyNumber(from);
  }

  #anyNumber(from: number): number {
    const end = this.#text.indexOf('\t', from);
    const field = this.#text.slice(from, end);
    this.#at = end + 1;
    this.#null = field === NULL;
    return this.#null || field === '' ? Number.NaN : Number(field);
  }
}

/** Rounded down; of a time so far away that a double has no microseconds, to the second. */
function millisOf(micros: number): number {
  if (Math.abs(micros) <= Number.MAX_SAFE_INTEGER) return Math.floor(micros / 1_000);
  return Math.floor(micros / 1_000_000 + FAR_SLACK) * 1_000;
}

function rejectionsOf(spendRead: boolean, tokensRead: boolean): readonly RejectionReason[] {
  if (spendRead) return tokensRead ? NOTHING : TOKENS;
  return tokensRead ? SPEND : BOTH;
}
