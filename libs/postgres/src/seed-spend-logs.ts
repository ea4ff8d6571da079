import {
  qualifiedName,
  type RejectionReason,
  readSeedLine,
  relationOf,
  type SpendFact,
  seedSelectList,
} from '@app/litellm';
import pg from 'pg';
import copyStreams from 'pg-copy-streams';
import { type CopyFields, CopyTextReader } from './copy-text.js';
import { SLICE_LIMIT_MS, type Slice } from './seed-slices.js';
import { inSnapshot, type SeedView, SliceOverdue } from './seed-transaction.js';

/** The spend-log table that is read. */
export interface SpendLogSource {
  readonly schema: string;
  readonly columns: ReadonlySet<string>;
  /** Another oid under its name is another table. */
  readonly oid: number;
}

/** What was rejected in a slice, by reason. */
export type Rejections = Map<RejectionReason, number>;

/** What one slice gave. */
export interface SliceResult {
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
  /** Called once when the time is up; the read's connection is closed already. */
  readonly overdue: () => void;
}

/** The statement that reads a slice. Both kinds of timestamp take these literals for UTC, which the session is set to. */
export function copyStatement(source: SpendLogSource, slice: Slice): string {
  const upper = slice.until === null ? '' : ` AND "startTime" < ${timeLiteral(slice.until)}`;
  const from = qualifiedName(source.schema, relationOf('spend_logs'));
  return `COPY (SELECT ${seedSelectList(source.columns).join(', ')} FROM ${from} WHERE "startTime" >= ${timeLiteral(slice.from)}${upper}) TO STDOUT`;
}

/**
 * Reads one slice and hands its rows on as they come. Its transaction ends within 5 s, however slow the reader is.
 *
 * @throws SliceOverdue, or the server's error; the rows handed on are then to be forgotten.
 */
export async function readSlice(
  view: SeedView,
  source: SpendLogSource,
  slice: Slice,
  handOn: { readonly facts: (rows: readonly SpendFact[]) => void } & SliceControls,
): Promise<SliceResult> {
  const { connection } = view;
  const rejections: Rejections = new Map();
  let rows = 0;
  await connection.query('SET enable_seqscan = off');
  const sameTable = await inSnapshot(view, async () => {
    let late = false;
    // A server that is blocked by our not reading does not heed its own timeout; it heeds the socket.
    const timer = setTimeout(() => {
      late = true;
      connection.destroy();
      handOn.overdue();
    }, SLICE_LIMIT_MS);
    try {
      const stream = connection.client.query(copyStreams.to(copyStatement(source, slice)));
      const reader = new CopyTextReader();
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        handOn.signal.throwIfAborted();
        const facts = factsOf(reader.push(chunk), rejections);
        rows += facts.length;
        if (facts.length > 0) handOn.facts(facts);
      }
      return await isSameTable(view, source);
    } catch (error) {
      // A COPY that is left in the middle leaves a connection that nobody reads from any more.
      if (!(error instanceof pg.DatabaseError)) connection.destroy();
      throw late ? new SliceOverdue() : error;
    } finally {
      clearTimeout(timer);
    }
  });
  return { rows, rejections, sameTable };
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

function factsOf(lines: readonly CopyFields[], rejections: Rejections): SpendFact[] {
  const facts: SpendFact[] = [];
  for (const line of lines) {
    const { fact, rejections: reasons } = readSeedLine(line);
    if (fact !== null) facts.push(fact);
    for (const reason of reasons) rejections.set(reason, (rejections.get(reason) ?? 0) + 1);
  }
  return facts;
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

const EARLIEST = Date.UTC(1000, 0, 1);
const LATEST = Date.UTC(9999, 11, 31);

/** Literals stay within the years that both sides write alike. */
function timeLiteral(millis: number): string {
  const bounded = Math.min(Math.max(millis, EARLIEST), LATEST);
  return `'${new Date(bounded).toISOString().replace('T', ' ').replace('Z', '')}'`;
}

function finite(text: string | null | undefined): number | null {
  const value = Number(text ?? Number.NaN);
  return Number.isFinite(value) ? value : null;
}
