import { ExporterFailure } from '@app/change';
import type { Connection } from './connection.js';
import { quoteLiteral } from './literal.js';

/** The key of the lock that makes one process the consumer of a slot: a 64-bit hash that every release of ours agrees on. */
function keyExpression(slot: string): string {
  return `hashtextextended('litellm-exporter/' || current_database() || '/' || ${quoteLiteral(slot)}, 0)`;
}

/**
 * Takes the advisory lock of a slot on the replication connection itself, so that lock and slot share one fate.
 *
 * @throws ExporterFailure `slot-active` that names the session which holds it.
 */
export async function takeAdvisoryLock(replication: Connection, control: Connection, slot: string): Promise<void> {
  const [row] = await replication.query<{ taken: string | boolean }>(
    `SELECT pg_try_advisory_lock(${keyExpression(slot)}) AS taken`,
  );
  if (row?.taken === true || row?.taken === 't') return;
  throw new ExporterFailure({
    kind: 'slot-active',
    message: `another exporter holds the lock of slot "${slot}"${await holderOf(control, slot)}`,
    remedy:
      'none needed for a replica: it takes over when the other one goes; otherwise stop the other one, or set REPLICATION_SLOT to a name of its own',
    section: '#slots',
  });
}

async function holderOf(control: Connection, slot: string): Promise<string> {
  const [row] = await control.query<{ pid: number; client: string | null }>(
    `SELECT l.pid, host(a.client_addr) AS client
       FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
      WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND (l.classid::int8 << 32 | l.objid::int8) = ${keyExpression(slot)}`,
  );
  if (row === undefined) return '';
  return ` (pid ${row.pid}${row.client === null ? '' : ` from ${row.client}`})`;
}
