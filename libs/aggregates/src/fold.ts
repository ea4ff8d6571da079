import type { SpendFact } from '@app/litellm';
import type { Delta } from './delta.js';
import { addExactAt } from './exact-sum.js';
import { type Key, KeyMemory } from './key.js';
import type { AggregateSettings } from './settings.js';
import type { WindowName } from './view.js';
import { bucketOf, edgeOf, type WindowSpec, windowSpecs } from './windows.js';

/** From where a row comes: that decides its arrival, whether it may be history, and whether counters grow by it. */
export type FoldOrigin =
  | { readonly from: 'stream'; readonly commitTime: number }
  /** `countersSince`: rows that ended later grow the counters; null where no row of the seed does. */
  | { readonly from: 'seed'; readonly snapshotTime: number; readonly countersSince: number | null };

/**
 * Spend by ids that counters show under the alias of the moment of the commit; resolved there by
 * `attributeByAlias`, because the transaction itself may rename.
 */
export interface SpendById {
  readonly teams: Map<string, number[]>;
  readonly keys: Map<string, number[]>;
}

/** The keys of a row that several series are kept by; null where it has no user, or neither team nor organization. */
interface RowKeys {
  readonly model: Key;
  readonly user: Key | null;
  readonly team: Key | null;
}

/** Folds spend-log facts into deltas, by the metric contract (METRICS.md sections 1 and 2). */
export class SpendFold {
  readonly #settings: AggregateSettings;
  readonly #specs: Readonly<Record<WindowName, WindowSpec>>;
  /** Keys of series and label values; anybody who adds to the same deltas may use it. */
  readonly keys = new KeyMemory();
  #edges: Record<WindowName, number> = { S: 0, R: 0, E: 0, K: 0, M: 0 };

  constructor(settings: AggregateSettings) {
    this.#settings = settings;
    this.#specs = windowSpecs(settings);
  }

  /** Tells the state's now: what lies before its window edges is not folded any more. */
  moveClock(clock: number): void {
    for (const name of Object.keys(this.#specs) as WindowName[]) {
      this.#edges[name] = edgeOf(this.#specs[name], clock);
    }
  }

  /** True where the row is too old for its commit: a backfill, which changes nothing by itself. */
  isHistory(fact: SpendFact, origin: FoldOrigin): boolean {
    return origin.from === 'stream' && origin.commitTime - fact.endTime > this.#settings.rowMaxAge;
  }

  /** Adds one fact to the delta, or counts it as history. */
  add(delta: Delta, byId: SpendById, fact: SpendFact, origin: FoldOrigin): void {
    if (this.isHistory(fact, origin)) {
      delta.count('rows_history', [], 1);
      return;
    }
    delta.rows += 1;
    const keys = this.#keysOf(fact);
    this.#addSpendWindow(delta, fact, keys);
    this.#addShortWindows(delta, fact);
    this.#addLastMinute(delta, { fact, keys, arrival: origin.from === 'stream' ? origin.commitTime : fact.endTime });
    if (this.#growsCounters(fact, origin)) this.#addCounters(delta, byId, { fact, keys });
  }

  #keysOf({ user, teamId, organizationId, model }: SpendFact): RowKeys {
    return {
      model: this.keys.one(model),
      user: user === '' ? null : this.keys.two(user, model),
      team: teamId === '' && organizationId === '' ? null : this.keys.three(teamId, organizationId, model),
    };
  }

  #addSpendWindow(delta: Delta, fact: SpendFact, keys: RowKeys): void {
    const { spend } = fact;
    const keyBucket = bucketOf(this.#specs.K, fact.startTime);
    if (keyBucket >= this.#edges.K) delta.addRowWith('spend_by_key', this.keys.one(fact.apiKey), keyBucket, spend);
    const bucket = bucketOf(this.#specs.S, fact.startTime);
    if (bucket < this.#edges.S) return;
    const byModel = delta.addRow('spend_by_model', keys.model, bucket);
    addExactAt(byModel, 1, spend, 0);
    addExactAt(byModel, 3, fact.totalTokens, 0);
    addExactAt(byModel, 5, fact.promptTokens, 0);
    addExactAt(byModel, 7, fact.completionTokens, 0);
    if (keys.user !== null) delta.addRowWith('spend_by_user', keys.user, bucket, spend);
    if (keys.team !== null) delta.addRowWith('spend_by_team', keys.team, bucket, spend);
    for (const tag of fact.tags) {
      if (this.#settings.tagExclude?.test(tag) !== true) {
        delta.addRowWith('spend_by_tag', this.keys.one(tag), bucket, spend);
      }
    }
    if (fact.status === 'success') {
      const traffic = this.keys.four([fact.modelId, fact.modelGroup, fact.model, fact.provider]);
      delta.addRow('traffic_model', traffic, bucket);
    }
    if (fact.modelGroup !== '') delta.addRow('model_group', this.keys.one(fact.modelGroup), bucket);
  }

  #addShortWindows(delta: Delta, fact: SpendFact): void {
    const requestBucket = bucketOf(this.#specs.R, fact.startTime);
    if (requestBucket >= this.#edges.R) {
      delta.addRow('requests', this.keys.two(fact.model, fact.status), requestBucket);
      if (fact.cache !== 'none') delta.addRow('cache', this.keys.two(fact.model, fact.cache), requestBucket);
    }
    const errorBucket = bucketOf(this.#specs.E, fact.startTime);
    if (fact.status === 'failure' && errorBucket >= this.#edges.E) {
      delta.addRow('errors', this.keys.two(fact.model, fact.errorType), errorBucket);
    }
  }

  #addLastMinute(
    delta: Delta,
    row: { readonly fact: SpendFact; readonly keys: RowKeys; readonly arrival: number },
  ): void {
    const { fact, keys, arrival } = row;
    const bucket = bucketOf(this.#specs.M, arrival);
    if (bucket < this.#edges.M) return;
    const tokens = fact.totalTokens;
    if (keys.user !== null) delta.addRowWith('rate_by_user', keys.user, bucket, tokens);
    if (keys.team !== null) delta.addRowWith('rate_by_team', keys.team, bucket, tokens);
    delta.addRowWith('rate_by_key', this.keys.two(fact.apiKey, fact.model), bucket, tokens);
  }

  #growsCounters(fact: SpendFact, origin: FoldOrigin): boolean {
    if (origin.from === 'stream') return true;
    const { countersSince, snapshotTime } = origin;
    if (countersSince === null) return false;
    return fact.endTime > countersSince && snapshotTime - fact.endTime <= this.#settings.rowMaxAge;
  }

  #addCounters(
    delta: Delta,
    byId: SpendById,
    { fact, keys }: { readonly fact: SpendFact; readonly keys: RowKeys },
  ): void {
    const { model } = fact;
    delta.countKey('spend_usd', keys.model, fact.spend);
    delta.countKey('requests_processed', this.keys.two(model, fact.status), 1);
    if (fact.status === 'failure') delta.countKey('request_errors', this.keys.two(model, fact.errorType), 1);
    if (fact.cache !== 'none') delta.countKey('request_cache', this.keys.two(model, fact.cache), 1);
    const cached = fact.cache === 'hit' ? 'true' : 'false';
    delta.countKey('tokens_processed', this.keys.three(model, 'prompt', cached), fact.promptTokens);
    delta.countKey('tokens_processed', this.keys.three(model, 'completion', cached), fact.completionTokens);
    if (fact.teamId !== '') addById(byId.teams, this.keys.one(fact.teamId).text, fact.spend);
    addById(byId.keys, this.keys.one(fact.apiKey).text, fact.spend);
    this.#observe(delta, fact, keys.model);
  }

  #observe(delta: Delta, fact: SpendFact, model: Key): void {
    if (fact.status !== 'success' || fact.cache === 'hit') return;
    const duration = fact.durationMs ?? fact.endTime - fact.startTime;
    if (duration >= 0) delta.observe('request_duration', model, this.#settings.durationBuckets, duration / 1000);
    const first = fact.completionStartTime;
    if (first !== null && first >= fact.startTime && first < fact.endTime) {
      const seconds = (first - fact.startTime) / 1000;
      delta.observe('time_to_first_token', model, this.#settings.ttftBuckets, seconds);
    }
  }
}

function addById(spend: Map<string, number[]>, id: string, amount: number): void {
  let sum = spend.get(id);
  if (sum === undefined) {
    sum = [0, 0];
    spend.set(id, sum);
  }
  addExactAt(sum, 0, Math.max(amount, 0), 0);
}
