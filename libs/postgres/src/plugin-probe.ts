import { randomBytes } from 'node:crypto';
import { ExporterFailure, type Plugin } from '@app/change';
import type { Connection } from './connection.js';

/** The list that lets wal2json in. Each name is quoted by itself: one quoted list would be taken for one name. */
export const ALLOW_WAL2JSON =
  "ALTER SYSTEM SET output_plugin_libraries = 'pgoutput', 'test_decoding', 'wal2json'; SELECT pg_reload_conf();";

/**
 * Tries a plugin with a temporary slot that is gone when this returns. Null where the server has it and lets us use it.
 *
 * The plugin is loaded before the slot waits for open transactions, so a wait that runs into `lock_timeout` is a yes.
 */
export async function probePlugin(control: Connection, plugin: Plugin): Promise<ExporterFailure | null> {
  const name = `litellm_exporter_probe_${randomBytes(4).toString('hex')}`;
  try {
    await control.query(
      `BEGIN; SET LOCAL lock_timeout = '200ms'; SET LOCAL statement_timeout = '5s';
       SELECT pg_create_logical_replication_slot('${name}', '${plugin}', true); COMMIT;`,
    );
    await control.query(`SELECT pg_drop_replication_slot('${name}')`);
    return null;
  } catch (error) {
    await control.query('ROLLBACK').catch(() => undefined);
    return verdictOf(error, plugin);
  }
}

/** What the error of a probe means; null where it only says that others have open transactions. */
export function verdictOf(error: unknown, plugin: Plugin): ExporterFailure | null {
  const code = (error as { code?: unknown } | null)?.code;
  const message = error instanceof Error ? error.message : String(error);
  switch (code) {
    case '55P03':
    case '57014':
      return null;
    case '58P01':
      return new ExporterFailure({
        kind: 'plugin-refused',
        message: `the server does not have the plugin ${plugin}: ${message}`,
        remedy: 'install it (Debian: postgresql-<version>-wal2json), or set REPLICATION_PLUGIN=pgoutput',
        section: '#wal2json',
        cause: error,
      });
    case '42501':
      return refusedOrDenied(error, plugin, message);
    case '53400':
      return new ExporterFailure({
        kind: 'slots-exhausted',
        message: `no replication slot is free: ${message}`,
        remedy: 'ALTER SYSTEM SET max_replication_slots = 20; and restart PostgreSQL',
        section: '#slots',
        cause: error,
      });
    default:
      throw error;
  }
}

function refusedOrDenied(error: unknown, plugin: Plugin, message: string): ExporterFailure {
  // The one state covers both; the plugin's own name is in the text of the refusal, in whatever language it is.
  if (message.includes(`"${plugin}"`)) {
    return new ExporterFailure({
      kind: 'plugin-refused',
      message: `the server does not let ${plugin} be used, as servers do by default since the minor releases of August 2026: ${message}`,
      remedy: `${ALLOW_WAL2JSON} Or set REPLICATION_PLUGIN=pgoutput`,
      section: '#wal2json',
      cause: error,
    });
  }
  return new ExporterFailure({
    kind: 'privilege-missing',
    message: `the role may not make replication slots: ${message}`,
    remedy: 'ALTER ROLE … REPLICATION;',
    section: '#role',
    cause: error,
  });
}
