/** Outcome of a request as LiteLLM books it. */
export type RequestStatus = 'success' | 'failure';

/** What `cache_hit` says: LiteLLM writes the Python texts `True`, `False` and `None`. */
export type CacheResult = 'hit' | 'miss' | 'none';

/** Why a part of a row could not be used; the label of `litellm_exporter_rows_rejected_total`. */
export type RejectionReason =
  | 'spend_not_finite'
  | 'tokens_not_finite'
  | 'time_unreadable'
  | 'tags_unreadable'
  | 'metadata_gone'
  | 'key_missing';

/** When a row's request ran and what it took; times are milliseconds since the Unix epoch, UTC. */
export interface SpendMeasures {
  readonly startTime: number;
  readonly endTime: number;
  /** Null where the row does not say. */
  readonly completionStartTime: number | null;
  /** `request_duration_ms`; null where the row or the schema lacks it. */
  readonly durationMs: number | null;
  /** USD, always finite. */
  readonly spend: number;
  readonly totalTokens: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
}

/** Whose a row is and how it ended: what it may have in common with many others. Every id is '' where the row has none. */
export interface SpendTraits {
  readonly apiKey: string;
  readonly user: string;
  readonly teamId: string;
  readonly organizationId: string;
  /** `unknown` where the row has none. */
  readonly model: string;
  readonly modelId: string;
  readonly modelGroup: string;
  readonly provider: string;
  readonly status: RequestStatus;
  /** Class of the error; '' for a success, `unknown` for a failure that does not say. */
  readonly errorType: string;
  readonly cache: CacheResult;
  /** Distinct, non-empty, in the order of the row; tag exclusion is not applied yet. */
  readonly tags: readonly string[];
}

/** What one row of `LiteLLM_SpendLogs` says, in the terms of the metric contract (METRICS.md section 1). */
export interface SpendFact extends SpendTraits, SpendMeasures {
  /** '' for the rows of a seed: nothing of them is looked up again. */
  readonly requestId: string;
}

/** The fact of a row that came in two parts, without its id. */
export function factOf(traits: SpendTraits, measures: SpendMeasures): SpendFact {
  return {
    requestId: '',
    startTime: measures.startTime,
    endTime: measures.endTime,
    completionStartTime: measures.completionStartTime,
    durationMs: measures.durationMs,
    apiKey: traits.apiKey,
    user: traits.user,
    teamId: traits.teamId,
    organizationId: traits.organizationId,
    model: traits.model,
    modelId: traits.modelId,
    modelGroup: traits.modelGroup,
    provider: traits.provider,
    spend: measures.spend,
    totalTokens: measures.totalTokens,
    promptTokens: measures.promptTokens,
    completionTokens: measures.completionTokens,
    status: traits.status,
    errorType: traits.errorType,
    cache: traits.cache,
    tags: traits.tags,
  };
}

/** What `metadata` adds to a fact where the stream does not carry it. */
export interface MetadataFacts {
  readonly status: RequestStatus | null;
  /** `metadata.error_information.error_class`; '' where it does not say. */
  readonly errorClass: string;
}

/** Names one spend-log row: the primary key, partitioned or not. */
export interface SpendLogKey {
  readonly requestId: string;
  readonly startTime: number;
}
