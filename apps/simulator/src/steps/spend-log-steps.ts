import type { SpendLogRow } from '../traffic/spend-log-row.js';
import { manyTags } from '../traffic/tags.js';
import { did, type Step, type StepContext, type StepResult } from './step.js';

const SPEND_LOGS = 'LiteLLM_SpendLogs';
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** More than the number of history rows after which an exporter takes the table as it is. */
const BACKFILL_ROWS = 1_100;
const RETENTION_BATCH = 1_000;
const HUGE_BYTES = 5_000_000;

/** Rows whose times all lie so many milliseconds from where they were. */
function shifted(rows: readonly SpendLogRow[], by: (row: SpendLogRow) => number): SpendLogRow[] {
  return rows.map((row) => {
    const shift = by(row);
    const completionStartTime = row.completionStartTime === null ? null : row.completionStartTime + shift;
    return { ...row, startTime: row.startTime + shift, endTime: row.endTime + shift, completionStartTime };
  });
}

async function write(context: StepContext, rows: readonly SpendLogRow[], what: string): Promise<StepResult> {
  const written = await context.spendLogs.write(rows);
  return { summary: `${written} ${what}`, rows: written };
}

async function backfill(context: StepContext): Promise<StepResult> {
  const { random, traffic, spendLogs } = context;
  let written = 0;
  while (written < BACKFILL_ROWS) {
    const rows = shifted(
      traffic.rows(Math.min(500, BACKFILL_ROWS - written)),
      () => -random.integer(49 * HOUR, 29 * DAY),
    );
    written += await spendLogs.write(rows);
  }
  return { summary: `${written} rows of history written`, rows: written };
}

/** Rows that exist already come again, beside a new one: they are left out in silence. */
async function duplicates(context: StepContext): Promise<StepResult> {
  const rows = context.traffic.rows(3);
  const first = await context.spendLogs.write(rows);
  const again = await context.spendLogs.write([...rows, context.traffic.row()]);
  return { summary: `${first + again} rows written, 3 of them offered twice`, rows: first + again };
}

async function updateMetadata(context: StepContext): Promise<string> {
  const { database, random } = context;
  const table = database.table(SPEND_LOGS);
  const result = await database.query(
    `UPDATE ${table} SET metadata = jsonb_build_object('autorouter_savings', $1::float8, 'status', 'success')
     WHERE request_id = (SELECT request_id FROM ${table} ORDER BY "startTime", request_id LIMIT 1 OFFSET $2)`,
    [random.next(), random.integer(0, 5)],
  );
  return `metadata of ${result.rowCount ?? 0} old rows rewritten`;
}

/** The oldest rows go in batches, as the retention job deletes them: a tenth of the table, at most ten batches. */
async function deleteOld({ database }: StepContext): Promise<string> {
  const table = database.table(SPEND_LOGS);
  const counted = await database.query(`SELECT count(*)::int AS rows FROM ${table}`);
  let left = Math.min(10 * RETENTION_BATCH, Math.ceil(counted.rows[0].rows / 10));
  let deleted = 0;
  while (left > 0) {
    const result = await database.query(
      `DELETE FROM ${table} WHERE (request_id, "startTime") IN
         (SELECT request_id, "startTime" FROM ${table} ORDER BY "startTime", request_id LIMIT $1)`,
      [Math.min(left, RETENTION_BATCH)],
    );
    if ((result.rowCount ?? 0) === 0) break;
    deleted += result.rowCount ?? 0;
    left -= RETENTION_BATCH;
  }
  return `${deleted} old rows deleted`;
}

/** Values that no sum survives unless it looks. */
async function strangeSpend(context: StepContext): Promise<StepResult> {
  const { traffic } = context;
  const spends = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0.25, 0, 1e-300, 1e15];
  return write(
    context,
    spends.map((spend) => traffic.row({ spend })),
    'rows with a spend beyond reason',
  );
}

/** Empty texts, NULLs and JSON of the wrong kind wherever the columns allow them. */
async function emptyValues(context: StepContext): Promise<StepResult> {
  const { traffic } = context;
  const rows = [
    traffic.row({ model: '', model_group: '', model_id: '' }),
    traffic.row({ model_group: null, model_id: null, custom_llm_provider: null, api_base: null }),
    traffic.row({ user: null, team_id: null, organization_id: null, end_user: null, api_key: '' }),
    traffic.row({ user: '', team_id: '', organization_id: '', end_user: '', cache_hit: null, status: '' }),
    traffic.row({ metadata: null, request_tags: null, status: null }),
    traffic.row({ metadata: 'text', request_tags: '"text"', status: 'odd' }),
    traffic.row({ metadata: '{"status":"failure","error_information":{"error_class":"Wrapped"}}', status: null }),
    traffic.row({ metadata: [1, 2], request_tags: [['nested']], cache_hit: 'TRUE' }),
    traffic.row({ completionStartTime: null, request_duration_ms: -5 }),
  ];
  return write(context, rows, 'rows with empty or misplaced values');
}

/** What an unauthenticated caller can do: a new key, model, user and tag with every request. */
async function invented(context: StepContext): Promise<StepResult> {
  const { random, traffic } = context;
  const rows = Array.from({ length: 200 }, () =>
    traffic.row({
      api_key: random.hex(64),
      model: `invented-${random.hex(6)}`,
      user: `nobody-${random.hex(6)}`,
      request_tags: [`tag-${random.hex(6)}`],
      status: 'failure',
      metadata: { status: 'failure', error_information: { error_class: 'AuthenticationError', error_code: '401' } },
    }),
  );
  return write(context, rows, 'failures of callers that nobody knows');
}

/** What happens to spend logs beside the steady flow. */
export const spendLogSteps = {
  /** Long requests and outages: rows that come hours after they began, but within the age an exporter accepts. */
  lateRows: {
    weight: 3,
    run: (context) =>
      write(
        context,
        shifted(context.traffic.rows(context.random.integer(1, 50)), () => -context.random.integer(HOUR, 19 * HOUR)),
        'rows late by hours',
      ),
  },
  futureRows: {
    weight: 1,
    run: (context) =>
      write(
        context,
        shifted(context.traffic.rows(5), () => context.random.integer(60_000, 3 * HOUR)),
        'rows in the future',
      ),
  },
  /** A conversion or an import: far older rows than an exporter counts by themselves. Asked for by name. */
  backfill: { weight: 0, run: backfill },
  duplicateRows: { weight: 1, run: duplicates },
  updateMetadata: { weight: 1, run: async (context) => did(await updateMetadata(context)) },
  retentionDelete: { weight: 1, run: async (context) => did(await deleteOld(context)) },
  /** No company spends a quadrillion dollars on one request. Asked for by name. */
  strangeSpend: { weight: 0, run: strangeSpend },
  emptyValues: { weight: 1, run: emptyValues },
  inventedRows: { weight: 0.5, run: invented },
  manyTags: {
    weight: 1,
    run: (context) => {
      const request_tags = manyTags(context.random, context.world, 50);
      return write(context, context.traffic.rows(3, { request_tags }), 'rows with 50 tags');
    },
  },
  /** One row with 5 MB of prompt. */
  hugeRow: {
    weight: 0.2,
    run: (context) => {
      const messages = [{ role: 'user', content: context.random.hex(HUGE_BYTES) }];
      return write(context, [context.traffic.row({ messages })], 'row of 5 MB');
    },
  },
  /** A transaction far above what LiteLLM writes at once. */
  largeTransaction: {
    weight: 0.3,
    run: (context) => write(context, context.traffic.rows(5_000), 'rows in one transaction'),
  },
} satisfies Record<string, Step>;
