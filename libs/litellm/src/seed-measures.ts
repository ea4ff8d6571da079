import type { RejectionReason, SpendMeasures } from './fact.js';
import { timeWithinRange } from './timestamp.js';

const TAB = 9;
/** Digits that a double holds whatever they are. */
const EXACT_DIGITS = 15;
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
    const start = timeWithinRange(this.#number());
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
    if (start === null || end === null) this.rejections = TIME;
    else this.rejections = rejectionsOf(Number.isFinite(spend), Number.isFinite(total + prompt + completion));
    return this.#at;
  }

  #tokens(): number {
    const tokens = this.#number();
    return this.#null ? 0 : tokens;
  }

  /** The number of the next column; NaN for NULL, and for what is no number. */
  #number(): number {
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
    if (text.charCodeAt(at) === TAB && at > from && at - from <= EXACT_DIGITS) {
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

function rejectionsOf(spendRead: boolean, tokensRead: boolean): readonly RejectionReason[] {
  if (spendRead) return tokensRead ? NOTHING : TOKENS;
  return tokensRead ? SPEND : BOTH;
}
