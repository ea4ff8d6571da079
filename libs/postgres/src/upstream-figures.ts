import { type Lsn, parseLsn } from '@app/change';
import { relationOf, type UpstreamFigures } from '@app/litellm';
import type { Connection } from './connection.js';
import { readSlot } from './slot-facts.js';

/** Which slot and which table the figures are of. */
export interface FiguresPlace {
  readonly slot: string;
  readonly schema: string;
  /** `server_version_num`. */
  readonly version: number;
}

interface FiguresRow {
  wal_end: string | null;
  clock: number;
  oid: string | null;
}

const FIGURES = `
  SELECT (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END)::text AS wal_end,
         floor(date_part('epoch', clock_timestamp()) * 1000)::float8 AS clock,
         (SELECT c.oid::int8::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p')) AS oid`;

/** Reads slot, end of WAL, clock and the spend logs' oid. Catalogues only, no table of LiteLLM. */
export async function readFigures(control: Connection, place: FiguresPlace): Promise<UpstreamFigures> {
  const slot = await readSlot(control, place.slot, place.version);
  const [row] = await control.query<FiguresRow & { [column: string]: unknown }>(FIGURES, [
    place.schema,
    relationOf('spend_logs'),
  ]);
  if (row === undefined) throw new RangeError('a query without FROM has one row');
  return {
    slot,
    walEnd: parseLsn(row.wal_end ?? '0/0'),
    clock: row.clock,
    spendLogsOid: row.oid === null ? null : Number(row.oid),
  };
}

/**
 * Writes a durable logical message and gives its position. Since 17 the function flushes it by itself; before that only
 * the commit of a transaction does, so the message is a transactional one there.
 */
export async function emitMessage(control: Connection, version: number, prefix: string, content: string): Promise<Lsn> {
  const call = version >= 170_000 ? '(false, $1, $2::text, true)' : '(true, $1, $2::text)';
  const [row] = await control.query<{ lsn: string }>(`SELECT pg_logical_emit_message${call}::text AS lsn`, [
    prefix,
    content,
  ]);
  if (row === undefined) throw new RangeError('a query without FROM has one row');
  return parseLsn(row.lsn);
}
