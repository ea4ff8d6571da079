import type { EntityOf, EntityTable, KeyEntity } from '@app/litellm';

/** The windows of METRICS.md section 1: spend, requests, errors, key spend (30 days), last minute. */
export type WindowName = 'S' | 'R' | 'E' | 'K' | 'M';

/** A window as it stands now; all in milliseconds. */
export interface WindowView {
  readonly name: WindowName;
  readonly length: number;
  readonly bucket: number;
  /** Rows with `ts >= edge` are in the window. */
  readonly edge: number;
  /** How far back the state really reaches, at most `clock - edge`. */
  readonly covered: number;
}

/**
 * What is summed, by what. `key` names the parts of a series' key, `sums` its sums beside the row count; a part is ''
 * where the row has none.
 *
 * `spend_by_team` and `rate_by_team` keep the row's own organization beside the team, because the organization of a
 * row without one is its team's at the moment of the answer (METRICS.md, "Joins").
 */
export const SERIES_KINDS = {
  spend_by_model: {
    window: 'S',
    key: ['model'],
    sums: ['spend', 'total_tokens', 'prompt_tokens', 'completion_tokens'],
  },
  spend_by_user: { window: 'S', key: ['user', 'model'], sums: ['spend'] },
  spend_by_team: { window: 'S', key: ['team', 'organization', 'model'], sums: ['spend'] },
  spend_by_tag: { window: 'S', key: ['tag'], sums: ['spend'] },
  spend_by_key: { window: 'K', key: ['api_key'], sums: ['spend'] },
  /** Success rows only. */
  traffic_model: { window: 'S', key: ['model_id', 'model_group', 'model', 'provider'], sums: [] },
  /** All rows with a model_group. */
  model_group: { window: 'S', key: ['model_group'], sums: [] },
  requests: { window: 'R', key: ['model', 'status'], sums: [] },
  cache: { window: 'R', key: ['model', 'result'], sums: [] },
  errors: { window: 'E', key: ['model', 'error_type'], sums: [] },
  rate_by_user: { window: 'M', key: ['user', 'model'], sums: ['total_tokens'] },
  rate_by_team: { window: 'M', key: ['team', 'organization', 'model'], sums: ['total_tokens'] },
  rate_by_key: { window: 'M', key: ['api_key', 'model'], sums: ['total_tokens'] },
} as const satisfies Record<string, { window: WindowName; key: readonly string[]; sums: readonly string[] }>;

/** Name of a kind of windowed series. */
export type SeriesKind = keyof typeof SERIES_KINDS;

/** One windowed series with its totals over the window; never one whose row count is 0. */
export interface SeriesView {
  /** Grows by one for each new series and is never used again: good as a cache key. */
  readonly id: number;
  readonly key: readonly string[];
  readonly rows: number;
  /** The sum at the given place of {@link SERIES_KINDS}`[kind].sums`. */
  sum(place: number): number;
}

/**
 * True counters and cumulative histograms. `labels` names the label values of a series; those of teams and keys are the
 * aliases in force when the row was committed.
 */
export const COUNTER_KINDS = {
  spend_usd: { labels: ['model'] },
  requests_processed: { labels: ['model', 'status'] },
  request_errors: { labels: ['model', 'error_type'] },
  request_cache: { labels: ['model', 'result'] },
  tokens_processed: { labels: ['model', 'kind', 'cached'] },
  team_spend_usd: { labels: ['team_id', 'team_alias'] },
  key_spend_usd: { labels: ['key_name', 'key_alias'] },
  /** Facts of the state, equal on all replicas. */
  rows_ignored: { labels: ['operation'] },
  rows_history: { labels: [] },
  rows_rejected: { labels: ['reason'] },
  changes: { labels: ['table', 'operation'] },
  transactions: { labels: [] },
  duplicates_dropped: { labels: [] },
  seeds: { labels: ['reason'] },
  seed_rows: { labels: [] },
} as const satisfies Record<string, { labels: readonly string[] }>;

/** Name of a kind of counter. */
export type CounterKind = keyof typeof COUNTER_KINDS;

/** Histograms of seconds by model. */
export type HistogramKind = 'request_duration' | 'time_to_first_token';

/** One counter series. */
export interface CounterView {
  readonly labels: readonly string[];
  readonly value: number;
}

/** One histogram series by model. */
export interface HistogramView {
  readonly labels: readonly string[];
  /** Observations per bucket, not cumulated; one more than there are bounds, the last for +Inf. */
  readonly buckets: readonly number[];
  /** Sum of the observed seconds. */
  readonly sum: number;
}

/** Who a key may belong to. */
export type KeyOwner = 'user' | 'team' | 'organization';

/** What is known of LiteLLM's entities at the moment of the answer. */
export interface EntityView {
  /** False where this LiteLLM lacks the table: families that need it are absent. */
  present(table: EntityTable): boolean;
  all<T extends EntityTable>(table: T): Iterable<EntityOf<T>>;
  count(table: EntityTable): number;
  get<T extends EntityTable>(table: T, key: string): EntityOf<T> | undefined;
  /** The key that answers for a token now, through replacements of tokens; undefined for an unknown one. */
  keyOfToken(token: string): KeyEntity | undefined;
  /**
   * Keys with a limit, a budget or budget row, an expiry, a list of models, or a block; UI log-ins among them. A site may
   * know a million keys: no answer looks through {@link all} of them.
   */
  restrictedKeys(): Iterable<KeyEntity>;
  /** How many keys that nothing restricts each owner has, by the key's own ids and without UI log-ins. */
  unrestrictedKeysBy(owner: KeyOwner): Iterable<readonly [id: string, keys: number]>;
}

/** Single figures of the state, like the lag or the time of the last seed, by name; absent until known. */
export type FigureName =
  | 'seed_duration_seconds'
  | 'seed_completed_timestamp_seconds'
  | 'last_commit_timestamp_seconds'
  /** The transaction counted last, as the pipeline writes it: what a server has to show that its log is still the same. */
  | 'last_commit'
  | 'replication_lag_bytes'
  | 'replication_lag_seconds'
  | 'durable_lag_bytes'
  | 'history_at_seed'
  | 'seed_starts'
  | 'schema_at_seed'
  | 'settings_since'
  | 'counted_until'
  /** Until when the stream was followed, by PostgreSQL's clock, in milliseconds. */
  | 'followed_until'
  | 'spend_logs_silent'
  | 'state_stale';

/** One whole state, as a scrape sees it (W6). Read it while it is held still: between `hold` and its release. */
export interface StateView {
  /** Grows with each applied record. */
  readonly version: number;
  /** The state's now, by PostgreSQL's clock, in milliseconds: every age and every "until" is told from it. */
  readonly clock: number;
  readonly entities: EntityView;
  readonly durationBuckets: readonly number[];
  readonly ttftBuckets: readonly number[];
  window(name: WindowName): WindowView;
  series(kind: SeriesKind): Iterable<SeriesView>;
  counters(kind: CounterKind): Iterable<CounterView>;
  histograms(kind: HistogramKind): Iterable<HistogramView>;
  /** Series folded into `other` so far, by counter or histogram kind. */
  folded(kind: CounterKind | HistogramKind): number;
  figure(name: FigureName): number | string | undefined;
}
