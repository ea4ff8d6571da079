import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { awaitUntil } from '../../support/await-until.js';
import type { PostgresServer } from '../../support/postgres-server.js';
import { askPostgres } from './ask-postgres.js';
import { copyDirectory } from './copy-directory.js';
import { PATIENCE } from './patience.js';
import { SLOT, type World } from './world.js';

/** Ends whoever streams from the slot, and drops it in a moment in which nobody does. */
export async function dropSlot(world: World, slot = SLOT): Promise<void> {
  const attempt = async (): Promise<boolean> => {
    await world.query(
      'SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = $1 AND active',
      [slot],
    );
    await world.query('SELECT pg_drop_replication_slot($1)', [slot]);
    return true;
  };
  await awaitUntil(attempt, { timeout: PATIENCE, interval: 5, what: `a moment in which slot ${slot} can be dropped` });
}

/** Terminates the exporter's backends of one kind; resolves with their number. */
export async function terminate(world: World, kind: 'walsender' | 'client backend'): Promise<number> {
  const rows = await world.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE backend_type = $1 AND datname = current_database() AND application_name LIKE 'litellm-exporter%'`,
    [kind],
  );
  return rows.length;
}

/** A copy of the data of the world's PostgreSQL, taken while it is stopped for a moment. Goes with the server. */
export async function backUp(world: World): Promise<string> {
  const { postgres } = world;
  const copy = join(postgres.dataDirectory, '..', 'backup');
  await postgres.stop('fast');
  copyDirectory(postgres.dataDirectory, copy);
  await postgres.start();
  return copy;
}

/**
 * Puts an older copy in place of the data. As a restored base backup it begins a timeline of its own and knows no slots; as the
 * snapshot of a disk it is what it was.
 */
export async function restore(server: PostgresServer, copy: string, as: 'base backup' | 'disk'): Promise<void> {
  await server.stop('immediate');
  copyDirectory(copy, server.dataDirectory);
  if (as === 'base backup') {
    const slots = join(server.dataDirectory, 'pg_replslot');
    for (const slot of readdirSync(slots)) rmSync(join(slots, slot), { recursive: true });
    const settings = join(server.dataDirectory, 'postgresql.auto.conf');
    writeFileSync(settings, "restore_command = '/bin/false'\n", { flag: 'a' });
    writeFileSync(join(server.dataDirectory, 'recovery.signal'), '');
  }
  await server.start();
  const done = () => !existsSync(join(server.dataDirectory, 'recovery.signal'));
  await awaitUntil(done, { timeout: PATIENCE, what: 'the end of recovery' });
}

/** Rows of spend logs that are not in `kept`, as JSON: what is about to be lost. */
export async function rowsAfter(world: World, commitTime: Date): Promise<string[]> {
  const rows = await world.query<{ row: string }>(
    `SELECT (to_jsonb(logs) - ARRAY['messages', 'response', 'proxy_server_request'])::text AS row
     FROM "LiteLLM_SpendLogs" AS logs WHERE pg_xact_commit_timestamp(xmin) > $1`,
    [commitTime],
  );
  return rows.map(({ row }) => row);
}

/** Waits until the standby has replayed everything that its primary has written. */
export async function caughtUp(world: World, primary: PostgresServer): Promise<void> {
  await awaitUntil(
    async () => {
      const [row] = await world.query<{ behind: string | null }>(
        `SELECT (pg_current_wal_lsn() - replay_lsn)::text AS behind FROM pg_stat_replication
         WHERE application_name = 'walreceiver'`,
      );
      return row?.behind === '0';
    },
    { timeout: PATIENCE, what: `the standby of port ${primary.port}` },
  );
}

/** Waits until the standby has our slot, ready to be used after a promotion. */
export async function slotIsSynced(standby: PostgresServer): Promise<void> {
  const wanted = `SELECT 1 / count(*) FROM pg_replication_slots WHERE slot_name = '${SLOT}' AND synced AND NOT temporary`;
  const synced = () => askPostgres(standby, wanted).then(() => true);
  await awaitUntil(synced, { timeout: PATIENCE, interval: 250, what: 'the slot on the standby' });
}
