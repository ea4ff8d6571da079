import { type MetadataFacts, qualifiedName, readMetadata, relationOf, type SpendLogKey } from '@app/litellm';
import type { Connection } from './connection.js';
import type { UsableTables } from './table-check.js';

const BATCH = 500;

/** `metadata` cut down to what {@link readMetadata} reads of it: tracebacks stay where they are. */
const CUT = `CASE jsonb_typeof("metadata")
    WHEN 'object' THEN jsonb_build_object('status', "metadata"->'status', 'error_information',
      jsonb_build_object('error_class', "metadata"->'error_information'->'error_class'))::text
    WHEN 'string' THEN "metadata"::text END`;

/**
 * Looks up, by primary key, what the metadata of these rows says. Rows that are gone are absent; all are where our role
 * may not read the column.
 */
export async function lookUpMetadata(
  control: Connection,
  schema: string,
  tables: UsableTables,
  rows: readonly SpendLogKey[],
): Promise<ReadonlyMap<string, MetadataFacts>> {
  const found = new Map<string, MetadataFacts>();
  const table = tables.get('spend_logs');
  if (table === undefined || !table.columns.has('metadata')) return found;
  // The times of a batch narrow partitioned spend logs down to a few partitions; for a plain table the ids are enough.
  const span = table.state.partitioned ? ` AND "startTime" >= $2 AND "startTime" < $3` : '';
  const text = `SELECT request_id AS id, ${CUT} AS metadata FROM ${qualifiedName(schema, relationOf('spend_logs'))} WHERE request_id = ANY($1)${span}`;
  for (let start = 0; start < rows.length; start += BATCH) {
    const batch = rows.slice(start, start + BATCH);
    const values: unknown[] = [batch.map((row) => row.requestId)];
    if (table.state.partitioned) values.push(...spanOf(batch));
    for (const row of await control.query<{ id: string; metadata: string | null }>(text, values)) {
      found.set(row.id, readMetadata(row.metadata));
    }
  }
  return found;
}

function spanOf(batch: readonly SpendLogKey[]): [string, string] {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const { startTime } of batch) {
    first = Math.min(first, startTime);
    last = Math.max(last, startTime);
  }
  return [utc(first), utc(last + 1)];
}

/** A text that is UTC for `timestamp` and `timestamptz` alike, in a session whose time zone is UTC. */
function utc(millis: number): string {
  return new Date(millis).toISOString().replace('T', ' ').replace('Z', '');
}
