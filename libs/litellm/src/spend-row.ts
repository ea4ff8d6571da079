import type { Row } from '@app/change';
import { type Cell, jsonOf, jsonTextOf, numberOf, textOf, timeOf } from './column-value.js';
import type { CacheResult, MetadataFacts, RejectionReason, RequestStatus, SpendFact } from './fact.js';
import { errorTypeOf, NO_METADATA, readMetadata, statusOf } from './metadata.js';
import { TABLES } from './tables.js';

/** What a spend-log row said, and what of it could not be used. */
export type SpendReading =
  | {
      readonly fact: SpendFact;
      /** The row came without `metadata`, and status or error type depend on it: see {@link withMetadata}. */
      readonly needsMetadata: boolean;
      readonly rejections: readonly RejectionReason[];
    }
  | { readonly fact: null; readonly rejections: readonly RejectionReason[] };

const NO_REJECTIONS: readonly RejectionReason[] = Object.freeze([]);
const TIME_UNREADABLE: readonly RejectionReason[] = Object.freeze(['time_unreadable'] as const);
const NO_TAGS: readonly string[] = Object.freeze([]);

/**
 * Reads an inserted row of `LiteLLM_SpendLogs` (METRICS.md sections 1 and 2). Values may be those of the stream or texts.
 *
 * A row without a readable start or end has no place in any window and gives no fact. Never throws.
 */
export function readSpendFact(row: Row): SpendReading {
  const startTime = timeOf(row.startTime);
  const endTime = timeOf(row.endTime);
  if (startTime === null || endTime === null) return { fact: null, rejections: TIME_UNREADABLE };
  const rowStatus = statusOf(row.status);
  const metadata = rowStatus === 'success' ? NO_METADATA : readMetadata(row.metadata);
  const { fact, rejections } = assembleFact({
    requestId: textOf(row.request_id),
    startTime,
    endTime,
    completionStartTime: timeOf(row.completionStartTime),
    rowStatus,
    metadata,
    durationMs: row.request_duration_ms,
    apiKey: row.api_key,
    user: row.user,
    teamId: row.team_id,
    organizationId: row.organization_id,
    model: row.model,
    modelId: row.model_id,
    modelGroup: row.model_group,
    provider: row.custom_llm_provider,
    spend: row.spend,
    totalTokens: row.total_tokens,
    promptTokens: row.prompt_tokens,
    completionTokens: row.completion_tokens,
    cacheHit: row.cache_hit,
    tags: row.request_tags,
  });
  return { fact, rejections, needsMetadata: row.metadata === undefined && rowStatus !== 'success' };
}

/** What {@link readSpendFact} needs of a row where whole rows are sent: of a success nobody asks for the metadata. */
export const INSERTED_SPEND_LOGS = {
  names: TABLES.spend_logs.columns.map(({ name }) => name),
  needless: { name: 'metadata', where: 'status', is: 'success' },
} as const;

/** The cells of a spend-log row, wherever they come from; times are read already. */
export interface SpendCells {
  readonly requestId: string;
  readonly startTime: number;
  readonly endTime: number;
  readonly completionStartTime: number | null;
  /** The row's own status; null where it says none. */
  readonly rowStatus: RequestStatus | null;
  readonly metadata: MetadataFacts;
  readonly durationMs: Cell;
  readonly apiKey: Cell;
  readonly user: Cell;
  readonly teamId: Cell;
  readonly organizationId: Cell;
  readonly model: Cell;
  readonly modelId: Cell;
  readonly modelGroup: Cell;
  readonly provider: Cell;
  readonly spend: Cell;
  readonly totalTokens: Cell;
  readonly promptTokens: Cell;
  readonly completionTokens: Cell;
  readonly cacheHit: Cell;
  readonly tags: Cell;
}

/** Makes the fact of a row's cells: the one place where the rules for empty and odd values are applied. */
export function assembleFact(cells: SpendCells): { fact: SpendFact; rejections: readonly RejectionReason[] } {
  const spend = numberOf(cells.spend);
  const totalTokens = tokensOf(cells.totalTokens);
  const promptTokens = tokensOf(cells.promptTokens);
  const completionTokens = tokensOf(cells.completionTokens);
  const tags = readTags(cells.tags);
  const durationMs = numberOf(cells.durationMs);
  const status = cells.rowStatus ?? cells.metadata.status ?? 'success';
  const fact: SpendFact = {
    requestId: cells.requestId,
    startTime: cells.startTime,
    endTime: cells.endTime,
    completionStartTime: cells.completionStartTime,
    durationMs: Number.isFinite(durationMs) ? durationMs : null,
    apiKey: textOf(cells.apiKey),
    user: textOf(cells.user),
    teamId: textOf(cells.teamId),
    organizationId: textOf(cells.organizationId),
    model: textOf(cells.model) || 'unknown',
    modelId: textOf(cells.modelId),
    modelGroup: textOf(cells.modelGroup),
    provider: textOf(cells.provider),
    spend: Number.isFinite(spend) ? spend : 0,
    totalTokens: totalTokens ?? 0,
    promptTokens: promptTokens ?? 0,
    completionTokens: completionTokens ?? 0,
    status,
    errorType: errorTypeOf(status, cells.metadata),
    cache: cacheResultOf(cells.cacheHit),
    tags: tags ?? NO_TAGS,
  };
  const tokensRead = totalTokens !== null && promptTokens !== null && completionTokens !== null;
  if (Number.isFinite(spend) && tokensRead && tags !== null) return { fact, rejections: NO_REJECTIONS };
  const rejections: RejectionReason[] = [];
  if (!Number.isFinite(spend)) rejections.push('spend_not_finite');
  if (!tokensRead) rejections.push('tokens_not_finite');
  if (tags === null) rejections.push('tags_unreadable');
  return { fact, rejections };
}

/** Null for what is no finite number; NULL is 0. */
function tokensOf(value: Cell): number | null {
  if (value === null || value === undefined) return 0;
  const tokens = numberOf(value);
  return Number.isFinite(tokens) ? tokens : null;
}

function cacheResultOf(value: Cell): CacheResult {
  switch (textOf(value).toLowerCase()) {
    case 'true':
      return 'hit';
    case 'false':
      return 'miss';
    default:
      return 'none';
  }
}

/** Null where the value is no JSON, inside of a JSON string or outside; JSON of any other shape has no tags. */
function readTags(value: Cell): readonly string[] | null {
  if (value === null || value === undefined || value === '' || value === '[]' || value === '{}') return NO_TAGS;
  if (typeof value !== 'string') return tagsIn(jsonOf(value));
  let tags = readBefore.get(value);
  if (tags === undefined) {
    tags = tagsIn(jsonOf(value));
    if (readBefore.size >= REMEMBERED) readBefore.clear();
    if (value.length <= LONGEST_REMEMBERED) readBefore.set(value, tags);
  }
  return tags;
}

/** Most rows bear the tags of others: parsing them again would be most of what a row's tags cost. */
const readBefore = new Map<string, readonly string[] | null>();
const REMEMBERED = 1_000;
const LONGEST_REMEMBERED = 1_000;

function tagsIn(json: unknown): readonly string[] | null {
  if (json === undefined) return null;
  if (!Array.isArray(json)) return NO_TAGS;
  const tags = new Set<string>();
  for (const entry of json) {
    const tag = jsonTextOf(entry);
    if (tag !== '') tags.add(tag);
  }
  return [...tags];
}
