import type { Connection } from './connection.js';

/** What the server says of itself; nothing here reads a LiteLLM table. */
export interface ServerFacts {
  /** `server_version_num`, like 150020. */
  readonly version: number;
  readonly inRecovery: boolean;
  readonly walLevel: string;
  readonly maxSlots: number;
  readonly usedSlots: number;
  /** Megabytes; -1 where a slot may hold any amount of WAL. */
  readonly maxSlotWalKeepSize: number;
  /** Seconds after which the server gives an unused slot up (18+); 0 where it never does. */
  readonly idleSlotTimeout: number;
  /**
   * `output_plugin_libraries`; null where the minor release does not have it, and where the role may not see it: without
   * pg_read_all_settings pg_settings hides it, and current_setting() would fail.
   */
  readonly outputPlugins: string | null;
  readonly role: string;
  /** The role may make publications in this database. */
  readonly mayCreate: boolean;
  /** The session's backend was the same one twice, so no pooler deals them out. */
  readonly sameBackend: boolean;
  readonly schemaExists: boolean;
  readonly schemaUsable: boolean;
}

const FACTS = `
  SELECT current_setting('server_version_num')::int AS version,
         pg_is_in_recovery() AS in_recovery,
         current_setting('wal_level') AS wal_level,
         current_setting('max_replication_slots')::int AS max_slots,
         (SELECT count(*) FROM pg_replication_slots)::int AS used_slots,
         (SELECT setting FROM pg_settings WHERE name = 'max_slot_wal_keep_size')::int AS max_slot_wal_keep_size,
         (SELECT setting FROM pg_settings WHERE name = 'idle_replication_slot_timeout')::int AS idle_slot_timeout,
         (SELECT setting FROM pg_settings WHERE name = 'output_plugin_libraries') AS output_plugins,
         current_user::text AS role,
         has_database_privilege(current_database(), 'CREATE') AS may_create,
         (SELECT has_schema_privilege(oid, 'USAGE') FROM pg_namespace WHERE nspname = $1) AS schema_usable`;

interface FactsRow {
  version: number;
  in_recovery: boolean;
  wal_level: string;
  max_slots: number;
  used_slots: number;
  max_slot_wal_keep_size: number | null;
  idle_slot_timeout: number | null;
  output_plugins: string | null;
  role: string;
  may_create: boolean;
  schema_usable: boolean | null;
}

/** Reads the facts; two transactions, to see whether both reach the same backend. */
export async function readServerFacts(control: Connection, schema: string): Promise<ServerFacts> {
  const first = await backendPid(control);
  const [row] = await control.query<FactsRow & { [column: string]: unknown }>(FACTS, [schema]);
  const second = await backendPid(control);
  if (row === undefined) throw new RangeError('a query without FROM has one row');
  return {
    version: row.version,
    inRecovery: row.in_recovery,
    walLevel: row.wal_level,
    maxSlots: row.max_slots,
    usedSlots: row.used_slots,
    maxSlotWalKeepSize: row.max_slot_wal_keep_size ?? -1,
    idleSlotTimeout: row.idle_slot_timeout ?? 0,
    outputPlugins: row.output_plugins,
    role: row.role,
    mayCreate: row.may_create,
    sameBackend: first === second,
    schemaExists: row.schema_usable !== null,
    schemaUsable: row.schema_usable === true,
  };
}

async function backendPid(control: Connection): Promise<number | undefined> {
  const [row] = await control.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return row?.pid;
}
