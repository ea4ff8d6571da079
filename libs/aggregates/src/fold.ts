import type { SpendFact, SpendTraits } from '@app/litellm';
import type { Delta } from './delta.js';
import { addExactAt } from './exact-sum.js';
import { SEPARATOR } from './key.js';
import { type ModelKeys, RememberedModels } from './model-keys.js';
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

/** Texts of keys under which a row is counted; '' where it isn't: it has no user, neither team nor organization, or no success. */
export interface RowKeys {
  readonly user: string;
  readonly team: string;
  readonly status: string;
  readonly cache: string;
  readonly prompt: string;
  readonly completion: string;
  readonly traffic: string;
}

function rowKeys(traits: SpendTraits, ofModel: ModelKeys): RowKeys {
  const { user, teamId, organizationId, model, status, cache, modelId, modelGroup, provider } = traits;
  const team = teamId === '' && organizationId === '';
  return {
    user: user === '' ? '' : user + SEPARATOR + model,
    team: team ? '' : teamId + SEPARATOR + organizationId + SEPARATOR + model,
    status: ofModel[status],
    cache: cache === 'none' ? '' : ofModel[cache],
    prompt: cache === 'hit' ? ofModel.promptCached : ofModel.prompt,
    completion: cache === 'hit' ? ofModel.completionCached : ofModel.completion,
    traffic: status === 'success' ? modelId + SEPARATOR + modelGroup + SEPARATOR + model + SEPARATOR + provider : '',
  };
}

/** How many rows are added at once, and what their spend's sum has beyond a double. */
export interface ManyRows {
  readonly rows: number;
  readonly spendLow: number;
}

const ONE: ManyRows = { rows: 1, spendLow: 0 };

/** From a time up to, but not with, another, in milliseconds. */
export interface TimeSpan {
  readonly from: number;
  readonly until: number;
}

const WINDOWS_BY_START = ['S', 'R', 'E', 'K'] as const;

/** Folds spend-log facts into deltas, by the metric contract (METRICS.md sections 1 and 2). */
export class SpendFold {
  readonly #settings: AggregateSettings;
  readonly #specs: Readonly<Record<WindowName, WindowSpec>>;
  readonly #models = new RememberedModels();
  #edges: Record<WindowName, number> = { S: 0, R: 0, E: 0, K: 0, M: 0 };

  constructor(settings: AggregateSettings) {
    this.#settings = settings;
    this.#specs = windowSpecs(settings);
  }

  /** The texts of keys of a row with these traits. */
  keysOf(traits: SpendTraits): RowKeys {
    return rowKeys(traits, this.#models.keysOf(traits.model));
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

  /**
   * Adds rows of a seed that are alike but for what they took: `sum` holds what they took together, and a time out of their span
   * ({@link alikeSpan}); none of them {@link standsAlone}. It comes to the same as adding each.
   */
  addAlike(delta: Delta, sum: SpendFact, keys: RowKeys, many: ManyRows): void {
    delta.rows += many.rows;
    this.#addSpendWindow(delta, sum, keys, many);
    this.#addShortWindows(delta, sum, keys, many);
  }

  /** The times around this one whose rows lie in the same buckets of every window that goes by `startTime`. */
  alikeSpan(startTime: number): TimeSpan {
    let from = Number.NEGATIVE_INFINITY;
    let until = Number.POSITIVE_INFINITY;
    for (const name of WINDOWS_BY_START) {
      const edge = this.#edges[name];
      if (startTime < edge) {
        until = Math.min(until, edge);
        continue;
      }
      const bucket = bucketOf(this.#specs[name], startTime);
      from = Math.max(from, bucket);
      until = Math.min(until, bucket + this.#specs[name].bucket);
    }
    return { from, until };
  }

  /** True where more than the windows by `startTime` depends on the row: it has to be added by itself. */
  standsAlone(row: Pick<SpendFact, 'endTime'>, origin: FoldOrigin): boolean {
    return row.endTime >= this.#edges.M || this.#growsCounters(row, origin);
  }

  /** Adds one fact to the delta, or counts it as history. */
  add(delta: Delta, byId: SpendById, fact: SpendFact, origin: FoldOrigin): void {
    if (this.isHistory(fact, origin)) {
      delta.count('rows_history', [], 1);
      return;
    }
    delta.rows += 1;
    const keys = this.keysOf(fact);
    this.#addSpendWindow(delta, fact, keys);
    this.#addShortWindows(delta, fact, keys);
    this.#addLastMinute(delta, { fact, keys, arrival: origin.from === 'stream' ? origin.commitTime : fact.endTime });
    if (this.#growsCounters(fact, origin)) this.#addCounters(delta, byId, { fact, keys });
  }

  #addSpendWindow(delta: Delta, fact: SpendFact, keys: RowKeys, { rows, spendLow } = ONE): void {
    const { spend } = fact;
    const keyBucket = bucketOf(this.#specs.K, fact.startTime);
    if (keyBucket >= this.#edges.K) {
      addExactAt(delta.addRow('spend_by_key', fact.apiKey, keyBucket, rows), 1, spend, spendLow);
    }
    const bucket = bucketOf(this.#specs.S, fact.startTime);
    if (bucket < this.#edges.S) return;
    const byModel = delta.addRow('spend_by_model', fact.model, bucket, rows);
    addExactAt(byModel, 1, spend, spendLow);
    addExactAt(byModel, 3, fact.totalTokens, 0);
    addExactAt(byModel, 5, fact.promptTokens, 0);
    addExactAt(byModel, 7, fact.completionTokens, 0);
    if (keys.user !== '') addExactAt(delta.addRow('spend_by_user', keys.user, bucket, rows), 1, spend, spendLow);
    if (keys.team !== '') addExactAt(delta.addRow('spend_by_team', keys.team, bucket, rows), 1, spend, spendLow);
    for (const tag of fact.tags) {
      if (this.#settings.tagExclude?.test(tag) === true) continue;
      addExactAt(delta.addRow('spend_by_tag', tag, bucket, rows), 1, spend, spendLow);
    }
    if (keys.traffic !== '') delta.addRow('traffic_model', keys.traffic, bucket, rows);
    if (fact.modelGroup !== '') delta.addRow('model_group', fact.modelGroup, bucket, rows);
  }

  #addShortWindows(delta: Delta, fact: SpendFact, keys: RowKeys, { rows } = ONE): void {
    const requestBucket = bucketOf(this.#specs.R, fact.startTime);
    if (requestBucket >= this.#edges.R) {
      delta.addRow('requests', keys.status, requestBucket, rows);
      if (keys.cache !== '') delta.addRow('cache', keys.cache, requestBucket, rows);
    }
    const errorBucket = bucketOf(this.#specs.E, fact.startTime);
    if (fact.status === 'failure' && errorBucket >= this.#edges.E) {
      delta.addRow('errors', fact.model + SEPARATOR + fact.errorType, errorBucket, rows);
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
    if (keys.user !== '') delta.addRowWith('rate_by_user', keys.user, bucket, tokens);
    if (keys.team !== '') delta.addRowWith('rate_by_team', keys.team, bucket, tokens);
    delta.addRowWith('rate_by_key', fact.apiKey + SEPARATOR + fact.model, bucket, tokens);
  }

  #growsCounters(fact: Pick<SpendFact, 'endTime'>, origin: FoldOrigin): boolean {
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
    delta.countText('spend_usd', model, fact.spend);
    delta.countText('requests_processed', keys.status, 1);
    if (fact.status === 'failure') delta.countText('request_errors', model + SEPARATOR + fact.errorType, 1);
    if (keys.cache !== '') delta.countText('request_cache', keys.cache, 1);
    delta.countText('tokens_processed', keys.prompt, fact.promptTokens);
    delta.countText('tokens_processed', keys.completion, fact.completionTokens);
    if (fact.teamId !== '') addById(byId.teams, fact.teamId, fact.spend);
    addById(byId.keys, fact.apiKey, fact.spend);
    this.#observe(delta, fact);
  }

  #observe(delta: Delta, fact: SpendFact): void {
    if (fact.status !== 'success' || fact.cache === 'hit') return;
    const duration = fact.durationMs ?? fact.endTime - fact.startTime;
    if (duration >= 0) delta.observe('request_duration', fact.model, this.#settings.durationBuckets, duration / 1000);
    const first = fact.completionStartTime;
    if (first !== null && first >= fact.startTime && first < fact.endTime) {
      const seconds = (first - fact.startTime) / 1000;
      delta.observe('time_to_first_token', fact.model, this.#settings.ttftBuckets, seconds);
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
