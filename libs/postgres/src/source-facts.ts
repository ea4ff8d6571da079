import { ExporterFailure, parseLsn } from '@app/change';
import type { TimelineHistory } from '@app/litellm';
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
 * Where each earlier timeline of the server's history was left; empty on timeline 1, and where the server can't tell
 * (its history file may be gone).
 */
export async function timelineHistory(replication: Connection, timeline: number): Promise<TimelineHistory> {
  if (timeline <= 1) return new Map();
  try {
    const [row] = await replication.query<{ content: Buffer | string }>(`TIMELINE_HISTORY ${timeline}`);
    return row === undefined ? new Map() : switchPoints(String(row.content));
  } catch {
    return new Map();
  }
}

/**
 * The switch points of a timeline history file: lines of `<timeline> <LSN> <reason>`, comments behind `#`
 * (PostgreSQL source, `timeline.c`).
 */
export function switchPoints(content: string): TimelineHistory {
  const points = content
    .split('\n')
    .map((line) => /^\s*(\d+)\s+([0-9A-Fa-f]+\/[0-9A-Fa-f]+)/.exec(line))
    .filter((found) => found !== null);
  return new Map(points.map(([, timeline, point]) => [Number(timeline), parseLsn(point as string)]));
}

/** Null where a managed service keeps `pg_control_system` from us. */
export async function systemIdOf(control: Connection): Promise<string | null> {
  try {
    const [row] = await control.query<{ id: string }>('SELECT system_identifier::text AS id FROM pg_control_system()');
    return row?.id ?? null;
  } catch {
    return null;
  }
}
