import type { SpendFact, SpendMeasures, SpendTraits } from '@app/litellm';
import type { Delta } from './delta.js';
import { addExactAt } from './exact-sum.js';
import type { RowKeys, SpendFold, TimeSpan } from './fold.js';

/** Traits that are remembered at a time, whether they have rows or not. */
const REMEMBERED = 16_384;

const NOWHERE: TimeSpan = { from: 0, until: 0 };

/** Rows with the same traits in the same buckets. */
interface Alike {
  readonly traits: SpendTraits;
  readonly keys: RowKeys;
  rows: number;
  /** Spend as two doubles, then total, prompt and completion tokens. */
  readonly sums: number[];
}

/**
 * Gathers the rows of a seed that are alike, so that they are folded as one: rows come in the order of their time, and
 * most of a window's traffic is the same few keys that ask the same models again and again. What is gathered is
 * bounded, and where nothing repeats it comes to folding each row by itself.
 */
export class AlikeRows {
  readonly #fold: SpendFold;
  readonly #byTraits = new Map<SpendTraits, Alike>();
  #touched: Alike[] = [];
  #span = NOWHERE;

  constructor(fold: SpendFold) {
    this.#fold = fold;
  }

  /** Takes in a row, and first folds into the delta what was gathered where the row lies in other buckets. */
  add(delta: Delta, traits: SpendTraits, measures: SpendMeasures): void {
    const { startTime } = measures;
    if (startTime < this.#span.from || startTime >= this.#span.until) {
      this.flush(delta);
      this.#span = this.#fold.alikeSpan(startTime);
    }
    const alike = this.#byTraits.get(traits) ?? this.#remember(delta, traits);
    if (alike.rows === 0) this.#touched.push(alike);
    alike.rows += 1;
    const { sums } = alike;
    addExactAt(sums, 0, measures.spend, 0);
    sums[2] = (sums[2] as number) + measures.totalTokens;
    sums[3] = (sums[3] as number) + measures.promptTokens;
    sums[4] = (sums[4] as number) + measures.completionTokens;
  }

  /** Folds what was gathered into the delta. */
  flush(delta: Delta): void {
    for (const alike of this.#touched) {
      const { traits, keys, rows, sums } = alike;
      this.#fold.addAlike(delta, sumOf(traits, this.#span.from, sums), keys, { rows, spendLow: sums[1] as number });
      this.#empty(alike);
    }
    this.#touched = [];
  }

  /** Forgets what was gathered. */
  forget(): void {
    for (const alike of this.#touched) this.#empty(alike);
    this.#touched = [];
  }

  #empty(alike: Alike): void {
    alike.rows = 0;
    alike.sums.fill(0);
  }

  #remember(delta: Delta, traits: SpendTraits): Alike {
    if (this.#byTraits.size >= REMEMBERED) {
      this.flush(delta);
      this.#byTraits.clear();
    }
    const alike = { traits, keys: this.#fold.keysOf(traits), rows: 0, sums: [0, 0, 0, 0, 0] };
    this.#byTraits.set(traits, alike);
    return alike;
  }
}

function sumOf(traits: SpendTraits, startTime: number, sums: readonly number[]): SpendFact {
  const [spend = 0, , totalTokens = 0, promptTokens = 0, completionTokens = 0] = sums;
  return {
    ...traits,
    requestId: '',
    startTime,
    endTime: startTime,
    completionStartTime: null,
    durationMs: null,
    spend,
    totalTokens,
    promptTokens,
    completionTokens,
  };
}
