import { ExporterFailure, type Lsn, parseLsn } from '@app/change';
import type { Connection } from './connection.js';
import { poolerInBetween } from './connection-failure.js';

/** What `IDENTIFY_SYSTEM` says (PostgreSQL manual, "Streaming Replication Protocol"). */
export interface SystemIdentity {
  readonly systemId: string;
  readonly timeline: number;
}

/**
 * Asks the server of the replication connection who it is, and proves that the other connection reaches the same one:
 * an exported snapshot is known there alone.
 */
export async function identifySystem(replication: Connection, control: Connection): Promise<SystemIdentity> {
  const [row] = await replication.query<{ systemid: string; timeline: number | string }>('IDENTIFY_SYSTEM');
  if (row === undefined) throw new RangeError('IDENTIFY_SYSTEM gives one row');
  const other = await systemIdOf(control);
  if (other !== null && other !== row.systemid) {
    throw new ExporterFailure(poolerInBetween('replication and ordinary connections reach different servers'));
  }
  return { systemId: row.systemid, timeline: Number(row.timeline) };
}

/**
 * Where the current timeline left its predecessor; null on timeline 1, and where the server can't tell (its history file
 * may be gone).
 */
export async function timelineSwitch(replication: Connection, timeline: number): Promise<Lsn | null> {
  if (timeline <= 1) return null;
  try {
    const [row] = await replication.query<{ content: Buffer | string }>(`TIMELINE_HISTORY ${timeline}`);
    return row === undefined ? null : lastSwitch(String(row.content));
  } catch {
    return null;
  }
}

/**
 * The last switch point of a timeline history file: lines of `<timeline> <LSN> <reason>`, comments behind `#`
 * (PostgreSQL source, `timeline.c`).
 */
export function lastSwitch(content: string): Lsn | null {
  const points = content
    .split('\n')
    .map((line) => /^\s*\d+\s+([0-9A-Fa-f]+\/[0-9A-Fa-f]+)/.exec(line)?.[1])
    .filter((point) => point !== undefined);
  const last = points.at(-1);
  return last === undefined ? null : parseLsn(last);
}

/** Null where a managed service keeps `pg_control_system` from us. */
async function systemIdOf(control: Connection): Promise<string | null> {
  try {
    const [row] = await control.query<{ id: string }>('SELECT system_identifier::text AS id FROM pg_control_system()');
    return row?.id ?? null;
  } catch {
    return null;
  }
}
