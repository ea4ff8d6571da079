import { identifier, type Session } from './database.js';
import { createIndexes, SPEND_LOGS, tablesOf } from './schema/create-tables.js';
import type { StepContext } from './steps/step.js';
import type { SpendLogRow } from './traffic/spend-log-row.js';

/** How much history, and over which time. */
export interface HistoryOptions {
  readonly rows: number;
  /** The rows lie evenly in so many days before now. */
  readonly days: number;
  /** Rows of one transaction; 100,000. */
  readonly rowsPerTransaction?: number;
  readonly signal?: AbortSignal;
  /** Called after each transaction. */
  readonly onProgress?: (written: number) => void;
}

/** What was written, and how fast. */
export interface HistoryResult {
  readonly rows: number;
  readonly seconds: number;
}

const DAY = 86_400_000;
/** Rows of real traffic that history repeats with other ids, times, costs and sizes. */
const PATTERNS = 2_000;
/** A server is busy with one transaction on one core. */
const WORKERS = 2;
const PATTERN_TABLE = 'simulator_history_pattern';

/**
 * Writes history inside the server: generated rows of traffic are joined with a series. The indexes of an empty
 * table are made afterwards, which is several times faster.
 */
export async function writeHistory(context: StepContext, options: HistoryOptions): Promise<HistoryResult> {
  const { database, form, clock, random } = context;
  const began = performance.now();
  const shape = tablesOf(form.tables.shape).find(({ name }) => name === SPEND_LOGS);
  if (shape === undefined || options.rows === 0) return { rows: 0, seconds: 0 };
  const indexesLater = await isEmpty(context);
  if (indexesLater) await dropIndexes(context, shape.indexes);
  const patterns = context.traffic.rows(PATTERNS);
  const run = { name: random.hex(8), total: options.rows, until: clock.now(), days: options.days };
  const written = await inParallel(context, options, async (first, last) => {
    await database.transaction(async (session) => {
      await writePatterns(context, session, patterns);
      await session.query(seriesStatement(context, { run, first, last }));
    });
  });
  if (indexesLater) for (const statement of createIndexes(database, shape)) await database.query(statement);
  await database.query(`ANALYZE ${database.table(SPEND_LOGS)}`);
  return { rows: written, seconds: (performance.now() - began) / 1_000 };
}

/** Cuts the rows into transactions and keeps several of them under way where the connection allows it. */
async function inParallel(
  { database }: StepContext,
  { rows, rowsPerTransaction = 100_000, signal, onProgress }: HistoryOptions,
  write: (first: number, last: number) => Promise<void>,
): Promise<number> {
  let next = 0;
  let written = 0;
  const worker = async (): Promise<void> => {
    while (next < rows && signal?.aborted !== true) {
      const first = next;
      const last = Math.min(rows, first + rowsPerTransaction);
      next = last;
      await write(first, last);
      written += last - first;
      onProgress?.(written);
    }
  };
  await Promise.all(Array.from({ length: database.concurrent ? WORKERS : 1 }, worker));
  return written;
}

async function isEmpty({ database }: StepContext): Promise<boolean> {
  const result = await database.query(`SELECT 1 FROM ${database.table(SPEND_LOGS)} LIMIT 1`);
  return result.rowCount === 0;
}

async function dropIndexes({ database }: StepContext, indexes: readonly (readonly string[])[]): Promise<void> {
  for (const columns of indexes) {
    await database.query(`DROP INDEX IF EXISTS ${database.table(`${SPEND_LOGS}_${columns.join('_')}_idx`)}`);
  }
}

/** A temporary table of rows to repeat, which goes with its transaction. */
async function writePatterns(
  { database, writer }: StepContext,
  session: Session,
  patterns: readonly SpendLogRow[],
): Promise<void> {
  await session.query(
    `CREATE TEMPORARY TABLE ${PATTERN_TABLE} (LIKE ${database.table(SPEND_LOGS)} INCLUDING DEFAULTS, number serial PRIMARY KEY)
     ON COMMIT DROP`,
  );
  // A nested loop keeps the order of the series, so that ids and times come in order without a sort of whole rows.
  for (const plan of ['hashjoin', 'mergejoin', 'material']) await session.query(`SET LOCAL enable_${plan} = off`);
  await writer.insertInto(session, PATTERN_TABLE, SPEND_LOGS, patterns);
}

interface Range {
  readonly run: {
    readonly name: string;
    readonly total: number;
    /** End of history, in milliseconds since the Unix epoch. */
    readonly until: number;
    readonly days: number;
  };
  readonly first: number;
  readonly last: number;
}

/** Times move to the row's place in history; a hash of the row's number chooses pattern, jitter and size. */
function seriesStatement({ database, form }: StepContext, { run, first, last }: Range): string {
  const zone = form.tables.timestamps === 'timestamptz' ? '' : " AT TIME ZONE 'UTC'";
  const span = run.days * DAY;
  const start = `date_trunc('milliseconds', to_timestamp(${(run.until - span) / 1_000}) + make_interval(secs => (g + jitter) * ${span / 1_000 / run.total}))${zone}`;
  const replaced: Readonly<Record<string, string>> = {
    request_id: `'hist-${run.name}-' || lpad(g::text, 12, '0')`,
    spend: 'p.spend * scale',
    startTime: 'began',
    endTime: 'began + (p."endTime" - p."startTime")',
    completionStartTime: 'began + (p."completionStartTime" - p."startTime")',
    session_id: `'session-' || g`,
    litellm_call_id: `'call-${run.name}-' || g`,
  };
  const shape = tablesOf(form.tables.shape).find(({ name }) => name === SPEND_LOGS);
  const names = (shape?.columns ?? []).map(({ name }) => name);
  const values = names.map((name) => replaced[name] ?? `p.${identifier(name)}`);
  return `
    INSERT INTO ${database.table(SPEND_LOGS)} (${names.map(identifier).join(', ')})
    SELECT ${values.join(', ')}
    FROM (
      SELECT g, hash % ${PATTERNS} + 1 AS pattern, 0.5 + (hash >> 20) % 1000 / 1000.0::float8 AS scale, ${start} AS began
      FROM generate_series(${first}::bigint, ${last - 1}::bigint) AS g,
        LATERAL (SELECT hashint8extended(g, 42) & 9223372036854775807 AS hash) AS drawn,
        LATERAL (SELECT (hash >> 40) % 1000 / 1000.0::float8 AS jitter) AS moved
    ) AS series
    JOIN ${PATTERN_TABLE} AS p ON p.number = series.pattern`;
}
