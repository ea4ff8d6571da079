import { qualifiedName, relationOf, seedSelectList } from '@app/litellm';
import pg from 'pg';
import copyStreams from 'pg-copy-streams';
import type { Connection } from './connection.js';
import { type KnownTraits, type Rejections, SeedLines, type TakeRow } from './seed-lines.js';
import { FAR_FUTURE, SLICE_LIMIT_MS, type Slice, type SliceEnd } from './seed-slices.js';
import { inSnapshot, type SeedView, SliceOverdue } from './seed-transaction.js';

/** The spend-log table that is read. */
export interface SpendLogSource {
  readonly schema: string;
  readonly columns: ReadonlySet<string>;
  /** Another oid under its name is another table. */
  readonly oid: number;
}

/** What one slice gave. */
export interface SliceResult extends SliceEnd {
  readonly rows: number;
  readonly rejections: Rejections;
  /** False where another table bears the name by now. */
  readonly sameTable: boolean;
}

/** Bounds of the rows, in milliseconds since the Unix epoch; null where there is none that is finite. */
export interface SpendLogBounds {
  readonly oldest: number | null;
  readonly newest: number | null;
}

/** Ends a read from outside when it holds its lock for too long. */
export interface SliceControls {
  readonly signal: AbortSignal;
  /** Called when a slice's time is up; its connection is closed already. */
  readonly overdue: () => void;
}

/**
 * The statement that reads a slice: `from` says where it begins, and the index in whose order it reads where it ends. Both
 * kinds of timestamp take these literals for UTC, which the session is set to.
 */
export function copyStatement(source: SpendLogSource, { from, rows }: Slice): string {
  const table = qualifiedName(source.schema, relationOf('spend_logs'));
  const select = `SELECT ${seedSelectList(source.columns).join(', ')} FROM ${table} WHERE "startTime" >= ${timeLiteral(from)}`;
  if (rows === null) return `COPY (${select}) TO STDOUT`;
  const until = `AND "startTime" < ${timeLiteral(FAR_FUTURE)}`;
  return `COPY (${select} ${until} ORDER BY "startTime" FETCH FIRST ${rows} ROWS WITH TIES) TO STDOUT`;
}

/** Any other plan would read the whole table before it gave the first row of a slice. */
const BY_INDEX = 'SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off';

/**
 * Reads one slice and hands its rows on as they come. Its transaction ends within 5 s, however slow the reader is.
 *
 * @throws SliceOverdue, or the server's error; the rows handed on are then to be forgotten.
 */
export async function readSlice(
  view: SeedView,
  source: SpendLogSource,
  slice: Slice,
  handOn: SliceControls & { readonly known: KnownTraits; readonly row: TakeRow },
): Promise<SliceResult> {
  const lines = new SeedLines(handOn.known, handOn.row);
  await view.connection.query(BY_INDEX);
  const sameTable = await inSnapshot(view, async () => {
    await copyOut(view.connection, copyStatement(source, slice), handOn, (chunk) => lines.push(chunk));
    return isSameTable(view, source);
  });
  const { rows, rejections, last } = lines;
  return { rows, rejections, sameTable, last, full: slice.rows !== null && lines.read >= slice.rows };
}

/**
 * Runs a COPY and hands its bytes on, for as long as a slice may take. A server that is blocked by our not reading does
 * not heed its own timeout; it heeds the socket, so that is closed when the time is up.
 */
async function copyOut(
  connection: Connection,
  statement: string,
  controls: SliceControls,
  take: (chunk: Buffer) => void,
): Promise<void> {
  const deadline = performance.now() + SLICE_LIMIT_MS;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    connection.destroy();
  }, SLICE_LIMIT_MS);
  try {
    for await (const chunk of connection.client.query(copyStreams.to(statement)) as AsyncIterable<Buffer>) {
      controls.signal.throwIfAborted();
      // A socket that always has more keeps timers waiting, for dozens of chunks.
      late ||= performance.now() > deadline;
      if (late) throw new SliceOverdue();
      take(chunk);
    }
  } catch (error) {
    // A COPY that is left in the middle leaves a connection that nobody reads from any more.
    if (!(error instanceof pg.DatabaseError)) connection.destroy();
    if (!late) throw error;
    controls.overdue();
    throw new SliceOverdue();
  } finally {
    clearTimeout(timer);
  }
}

/** Oldest and newest startTime of the table, both by the index where there is one. */
export async function readBounds(view: SeedView, source: SpendLogSource): Promise<SpendLogBounds> {
  const from = qualifiedName(source.schema, relationOf('spend_logs'));
  const epoch = (aggregate: string): string => `floor(date_part('epoch', ${aggregate}("startTime")) * 1000)::text`;
  return inSnapshot(view, async () => {
    const [oldest] = await view.connection.query<{ value: string | null }>(
      `SELECT ${epoch('min')} AS value FROM ${from} WHERE "startTime" > '-infinity'`,
    );
    const [newest] = await view.connection.query<{ value: string | null }>(
      `SELECT ${epoch('max')} AS value FROM ${from} WHERE "startTime" < 'infinity'`,
    );
    return { oldest: finite(oldest?.value), newest: finite(newest?.value) };
  });
}

/** Asked after the read, while its lock keeps the name from moving. */
async function isSameTable(view: SeedView, source: SpendLogSource): Promise<boolean> {
  const [row] = await view.connection.query<{ oid: string }>(
    `SELECT c.oid::int8::text AS oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = $2`,
    [source.schema, relationOf('spend_logs')],
  );
  return row !== undefined && Number(row.oid) === source.oid;
}

const EARLIEST = Date.UTC(1000, 0, 1) * 1_000;
const LATEST = Date.UTC(9999, 11, 31) * 1_000;

/** Microseconds as a literal, which stays within the years that both sides write alike. */
function timeLiteral(micros: number): string {
  const bounded = Math.min(Math.max(micros, EARLIEST), LATEST);
  const millis = Math.floor(bounded / 1_000);
  const text = new Date(millis).toISOString().replace('T', ' ').replace('Z', '');
  return `'${text}${String(bounded - millis * 1_000).padStart(3, '0')}'`;
}

function finite(text: string | null | undefined): number | null {
  const value = Number(text ?? Number.NaN);
  return Number.isFinite(value) ? value : null;
}
