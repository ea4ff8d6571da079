import { setTimeout as pause } from 'node:timers/promises';
import { ExporterFailure } from '@app/change';
import { type MetadataFacts, qualifiedName, readMetadata, relationOf, type SpendLogKey } from '@app/litellm';
import type { Connection } from './connection.js';
import type { UsableTables } from './table-check.js';

const BATCH = 500;

/** Milliseconds that a row which the stream has told of is given to become visible. */
const PATIENCE = 1_000;

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
  const find = (keys: readonly SpendLogKey[]) =>
    lookUp(control, { schema, partitioned: table.state.partitioned }, keys);
  for (let start = 0; start < rows.length; start += BATCH) {
    await readable(
      schema,
      findAll(control, rows.slice(start, start + BATCH), async (keys) => {
        for (const [id, facts] of await find(keys)) found.set(id, facts);
        return keys.filter((key) => !found.has(key.requestId));
      }),
    );
  }
  return found;
}

/** @throws ExporterFailure `privilege-missing` where the right to read was taken away meanwhile. */
async function readable(schema: string, reading: Promise<void>): Promise<void> {
  try {
    await reading;
  } catch (error) {
    if ((error as { code?: unknown } | null)?.code !== '42501') throw error;
    throw new ExporterFailure({
      kind: 'privilege-missing',
      message: `our role may not read the metadata of failed requests any more: ${(error as Error).message}`,
      remedy: `GRANT SELECT (request_id, "startTime", metadata) ON ${qualifiedName(schema, relationOf('spend_logs'))} TO the role of LITELLM_DB_USER`,
      section: '#role',
      cause: error,
    });
  }
}

/**
 * A transaction is streamed once its commit is in the WAL, a moment before other sessions see its rows; with synchronous
 * standbys, a round trip before. So what is missing is looked up again for as long as one of the transactions lasts that
 * were under way at the first miss. `find` gives the keys it did not find.
 */
async function findAll(
  control: Connection,
  rows: readonly SpendLogKey[],
  find: (keys: readonly SpendLogKey[]) => Promise<readonly SpendLogKey[]>,
): Promise<void> {
  let missing = await find(rows);
  if (missing.length === 0) return;
  const end = performance.now() + PATIENCE;
  let underWay = await transactionsUnderWay(control);
  missing = await find(missing);
  for (
    let wait = 1;
    missing.length > 0 && underWay.size > 0 && performance.now() < end;
    wait = Math.min(2 * wait, 50)
  ) {
    await pause(wait);
    const now = await transactionsUnderWay(control);
    underWay = new Set([...underWay].filter((transaction) => now.has(transaction)));
    missing = await find(missing);
  }
}

/** By their locks, which they let go of after they have become visible; a snapshot would not list the newest of them. */
async function transactionsUnderWay(control: Connection): Promise<ReadonlySet<string>> {
  const text = `SELECT transactionid::text AS id FROM pg_locks WHERE locktype = 'transactionid' AND mode = 'ExclusiveLock'`;
  return new Set((await control.query<{ id: string }>(text)).map(({ id }) => id));
}

async function lookUp(
  control: Connection,
  { schema, partitioned }: { readonly schema: string; readonly partitioned: boolean },
  keys: readonly SpendLogKey[],
): Promise<ReadonlyMap<string, MetadataFacts>> {
  // The times of a batch narrow partitioned spend logs down to a few partitions; for a plain table the ids are enough.
  const span = partitioned ? ` AND "startTime" >= $2 AND "startTime" < $3` : '';
  const text = `SELECT request_id AS id, ${CUT} AS metadata FROM ${qualifiedName(schema, relationOf('spend_logs'))} WHERE request_id = ANY($1)${span}`;
  const values: unknown[] = [keys.map((row) => row.requestId)];
  if (partitioned) values.push(...spanOf(keys));
  const rows = await control.query<{ id: string; metadata: string | null }>(text, values);
  return new Map(rows.map((row) => [row.id, readMetadata(row.metadata)]));
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
