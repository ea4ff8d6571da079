import { type CacheResult, factOf, type RequestStatus, type SpendFact } from '@app/litellm';

/** A fact that is filled anew for each row. */
type LentFact = { -readonly [K in keyof SpendFact]: SpendFact[K] };

const NUMBERS = 8;
const TEXTS = 11;

const NOTHING = {
  traits: {
    ...{ apiKey: '', user: '', teamId: '', organizationId: '', model: '', modelId: '', modelGroup: '', provider: '' },
    ...{ status: 'success' as const, errorType: '', cache: 'none' as const, tags: [] },
  },
  measures: {
    ...{ startTime: 0, endTime: 0, completionStartTime: null, durationMs: null },
    ...{ spend: 0, totalTokens: 0, promptTokens: 0, completionTokens: 0 },
  },
};

/**
 * Rows that wait to be folded, column by column. Where a stream catches up, thousands wait for the metadata of one; as objects, each with
 * boxes for its numbers, they were two fifths of what outlived the young generation of V8's heap. Their ids are not kept.
 */
export class KeptRows {
  #numbers: number[] = [];
  #texts: string[] = [];
  #tags: (readonly string[])[] = [];

  get length(): number {
    return this.#tags.length;
  }

  add(fact: SpendFact): void {
    const { startTime, endTime, spend, totalTokens, promptTokens, completionTokens } = fact;
    const first = fact.completionStartTime ?? Number.NaN;
    const duration = fact.durationMs ?? Number.NaN;
    const { apiKey, user, teamId, organizationId, model, modelId, modelGroup, provider } = fact;
    const { status, errorType, cache } = fact;
    if (this.length === 0) {
      // Most transactions have one row, and an array that is pushed to takes room for seventeen.
      this.#numbers = [startTime, endTime, first, duration, spend, totalTokens, promptTokens, completionTokens];
      const owner = [apiKey, user, teamId, organizationId];
      this.#texts = [...owner, model, modelId, modelGroup, provider, status, errorType, cache];
      this.#tags = [fact.tags];
      return;
    }
    this.#numbers.push(startTime, endTime, first, duration, spend, totalTokens, promptTokens, completionTokens);
    this.#texts.push(apiKey, user, teamId, organizationId, model, modelId, modelGroup, provider);
    this.#texts.push(status, errorType, cache);
    this.#tags.push(fact.tags);
  }

  /** Gives the rows in their order. The fact is lent: it is the same object for each of them. */
  each(take: (fact: SpendFact) => void): void {
    const fact = factOf(NOTHING.traits, NOTHING.measures) as LentFact;
    for (let row = 0; row < this.length; row += 1) {
      this.#read(row, fact);
      take(fact);
    }
  }

  #read(row: number, fact: LentFact): void {
    const numbers = this.#numbers;
    let at = row * NUMBERS;
    fact.startTime = numbers[at++] as number;
    fact.endTime = numbers[at++] as number;
    fact.completionStartTime = orNull(numbers[at++] as number);
    fact.durationMs = orNull(numbers[at++] as number);
    fact.spend = numbers[at++] as number;
    fact.totalTokens = numbers[at++] as number;
    fact.promptTokens = numbers[at++] as number;
    fact.completionTokens = numbers[at] as number;
    const texts = this.#texts;
    at = row * TEXTS;
    fact.apiKey = texts[at++] as string;
    fact.user = texts[at++] as string;
    fact.teamId = texts[at++] as string;
    fact.organizationId = texts[at++] as string;
    fact.model = texts[at++] as string;
    fact.modelId = texts[at++] as string;
    fact.modelGroup = texts[at++] as string;
    fact.provider = texts[at++] as string;
    fact.status = texts[at++] as RequestStatus;
    fact.errorType = texts[at++] as string;
    fact.cache = texts[at] as CacheResult;
    fact.tags = this.#tags[row] as readonly string[];
  }
}

function orNull(number: number): number | null {
  return Number.isNaN(number) ? null : number;
}
