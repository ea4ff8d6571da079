import { parseLsn, type SlotFacts } from '@app/change';
import type { Connection } from './connection.js';

interface SlotRow {
  name: string;
  plugin: string | null;
  database: string | null;
  temporary: boolean;
  active: boolean;
  active_pid: number | null;
  restart_lsn: string | null;
  confirmed_flush_lsn: string | null;
  wal_status: string | null;
  safe_wal_size: string | null;
  invalidation_reason: string | null;
}

/** `invalidation_reason` came with 17; 16 has `conflicting`, which is the reason that a standby's slot can have. */
function slotQuery(version: number): string {
  let reason = 'NULL::text';
  if (version >= 170_000) reason = 'invalidation_reason::text';
  else if (version >= 160_000) reason = `CASE WHEN conflicting THEN 'conflicting' END`;
  return `SELECT slot_name::text AS name, plugin::text, database::text, temporary, active, active_pid, restart_lsn::text,
                 confirmed_flush_lsn::text, wal_status, safe_wal_size::text, ${reason} AS invalidation_reason
            FROM pg_replication_slots WHERE slot_name = $1`;
}

/** What `pg_replication_slots` says of the slot of this name; null where there is none. */
export async function readSlot(control: Connection, name: string, version: number): Promise<SlotFacts | null> {
  const [row] = await control.query<SlotRow & { [column: string]: unknown }>(slotQuery(version), [name]);
  if (row === undefined) return null;
  return {
    name: row.name,
    plugin: row.plugin,
    database: row.database,
    temporary: row.temporary,
    active: row.active,
    activePid: row.active_pid,
    restartLsn: row.restart_lsn === null ? null : parseLsn(row.restart_lsn),
    confirmedFlush: row.confirmed_flush_lsn === null ? null : parseLsn(row.confirmed_flush_lsn),
    walStatus: row.wal_status,
    safeWalBytes: row.safe_wal_size === null ? null : Number(row.safe_wal_size),
    invalidationReason: row.invalidation_reason,
  };
}
