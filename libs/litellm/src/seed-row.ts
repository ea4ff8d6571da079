import type { RejectionReason, SpendFact } from './fact.js';
import { quoteIdentifier } from './identifiers.js';
import { readMetadata, statusOf } from './metadata.js';
import { assembleFact } from './spend-row.js';
import { readEpochMillis } from './timestamp.js';

/** What {@link readSeedLine} gives of one line. */
export interface SeedReading {
  readonly fact: SpendFact | null;
  readonly rejections: readonly RejectionReason[];
}

/** The columns of a seed's lines, in their order. */
export const SEED_COLUMNS = [
  'startTime',
  'endTime',
  'completionStartTime',
  'request_duration_ms',
  'api_key',
  'user',
  'team_id',
  'organization_id',
  'model',
  'model_id',
  'model_group',
  'custom_llm_provider',
  'spend',
  'total_tokens',
  'prompt_tokens',
  'completion_tokens',
  'cache_hit',
  'request_tags',
  'status',
  'metadata',
] as const;

type SeedColumn = (typeof SEED_COLUMNS)[number];

/**
 * The SELECT list that gives {@link SEED_COLUMNS}, for a table with these columns; NULL stands for those it lacks.
 *
 * `request_id` is not sent: nothing of a counted row is looked up again. Times come as epoch milliseconds, and of
 * `metadata` only the two members that are read, and only where the answer depends on them.
 */
export function seedSelectList(available: ReadonlySet<string>): string[] {
  return SEED_COLUMNS.map((column) => (available.has(column) ? expressionOf(column, available) : 'NULL'));
}

/** Reads one line of a seed. Says of a row what `readSpendFact` says of it, but for the request id. Never throws. */
export function readSeedLine(fields: readonly (string | null)[]): SeedReading {
  const startTime = readEpochMillis(fields[0] ?? '');
  const endTime = readEpochMillis(fields[1] ?? '');
  if (startTime === null || endTime === null) return { fact: null, rejections: TIME_UNREADABLE };
  return assembleFact({
    requestId: '',
    startTime,
    endTime,
    completionStartTime: readEpochMillis(fields[2] ?? ''),
    durationMs: fields[3],
    apiKey: fields[4],
    user: fields[5],
    teamId: fields[6],
    organizationId: fields[7],
    model: fields[8],
    modelId: fields[9],
    modelGroup: fields[10],
    provider: fields[11],
    spend: fields[12],
    totalTokens: fields[13],
    promptTokens: fields[14],
    completionTokens: fields[15],
    cacheHit: fields[16],
    tags: fields[17],
    rowStatus: statusOf(fields[18]),
    metadata: readMetadata(fields[19]),
  });
}

const TIME_UNREADABLE: readonly RejectionReason[] = Object.freeze(['time_unreadable'] as const);

function expressionOf(column: SeedColumn, available: ReadonlySet<string>): string {
  switch (column) {
    case 'startTime':
    case 'endTime':
    case 'completionStartTime':
      // Half a microsecond makes good what a double loses of one, so that rounding down gives the true millisecond.
      return `floor(date_part('epoch', ${quoteIdentifier(column)}) * 1000 + 0.0005)`;
    case 'metadata':
      return metadataExpression(available.has('status'));
    default:
      return quoteIdentifier(column);
  }
}

/**
 * `metadata` cut down to a document of the same shape, so that {@link readMetadata} reads either. A JSON string goes out
 * whole: PostgreSQL before 16 can't parse it without the risk of an error, which would end the seed.
 */
function metadataExpression(hasStatus: boolean): string {
  const cut =
    `jsonb_build_object('status', "metadata"->'status', 'error_information', ` +
    `jsonb_build_object('error_class', "metadata"->'error_information'->'error_class'))::text`;
  const failed = `"metadata"->>'status' = 'failure'`;
  const success = hasStatus ? `WHEN "status" = 'success' THEN NULL ` : '';
  const isFailure = hasStatus ? `"status" = 'failure' OR ${failed}` : failed;
  return (
    `CASE ${success}WHEN jsonb_typeof("metadata") = 'object' THEN CASE WHEN ${isFailure} THEN ${cut} END ` +
    `WHEN jsonb_typeof("metadata") = 'string' THEN "metadata"::text END`
  );
}
