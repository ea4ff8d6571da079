import type { RejectionReason, SpendTraits } from './fact.js';
import { quoteIdentifier } from './identifiers.js';
import { readMetadata, statusOf } from './metadata.js';
import { assembleFact } from './spend-row.js';

/** What {@link readSeedTraits} gives. */
export interface SeedTraits {
  readonly traits: SpendTraits;
  readonly rejections: readonly RejectionReason[];
}

/** The columns of a seed's lines that differ from row to row, in their order. {@link TRAIT_COLUMNS} follow them. */
export const MEASURE_COLUMNS = [
  'startTime',
  'endTime',
  'completionStartTime',
  'request_duration_ms',
  'spend',
  'total_tokens',
  'prompt_tokens',
  'completion_tokens',
] as const;

/** The columns that many rows have in common: one text of a line, by which equal ones are told. */
export const TRAIT_COLUMNS = [
  'api_key',
  'user',
  'team_id',
  'organization_id',
  'model',
  'model_id',
  'model_group',
  'custom_llm_provider',
  'cache_hit',
  'request_tags',
  'status',
  'metadata',
] as const;

/** The columns of a seed's lines, in their order. */
export const SEED_COLUMNS = [...MEASURE_COLUMNS, ...TRAIT_COLUMNS] as const;

type SeedColumn = (typeof SEED_COLUMNS)[number];

/**
 * The SELECT list that gives {@link SEED_COLUMNS}, for a table with these columns; NULL stands for those it lacks.
 *
 * `request_id` is not sent: nothing of a counted row is looked up again. Times come as epoch milliseconds, but
 * `startTime` as microseconds, by which it is told where a slice has ended. Of
 * `metadata` only the two members that are read, and only where the answer depends on them.
 */
export function seedSelectList(available: ReadonlySet<string>): string[] {
  return SEED_COLUMNS.map((column) => (available.has(column) ? expressionOf(column, available) : 'NULL'));
}

/** Reads {@link TRAIT_COLUMNS} of a line. Says of them what `readSpendFact` says of the row. Never throws. */
export function readSeedTraits(fields: readonly (string | null)[]): SeedTraits {
  const { fact, rejections } = assembleFact({
    ...NO_MEASURES,
    apiKey: fields[0],
    user: fields[1],
    teamId: fields[2],
    organizationId: fields[3],
    model: fields[4],
    modelId: fields[5],
    modelGroup: fields[6],
    provider: fields[7],
    cacheHit: fields[8],
    tags: fields[9],
    rowStatus: statusOf(fields[10]),
    metadata: readMetadata(fields[11]),
  });
  return { traits: fact, rejections };
}

const NO_MEASURES = {
  requestId: '',
  startTime: 0,
  endTime: 0,
  completionStartTime: null,
  durationMs: 0,
  spend: 0,
  totalTokens: 0,
  promptTokens: 0,
  completionTokens: 0,
} as const;

function expressionOf(column: SeedColumn, available: ReadonlySet<string>): string {
  switch (column) {
    case 'startTime':
      return startExpression(quoteIdentifier(column));
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
 * An integer, because a double of more than 15 digits comes as `1.795796356525123e+15`, which costs both sides more. The cast rounds, and
 * would fail for infinity and for what no integer holds: such times, which no `Date` holds either, come as NULL.
 */
function startExpression(column: string): string {
  const within = `${column} > '-infinity' AND ${column} < '290000-01-01'`;
  return `CASE WHEN ${within} THEN (date_part('epoch', ${column}) * 1000000)::int8 END`;
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
