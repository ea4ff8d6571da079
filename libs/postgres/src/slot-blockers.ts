import type { Connection } from './connection.js';

/** A session that another one waits for. */
export interface Blocker {
  /** 0 for a prepared transaction. */
  readonly pid: number;
  readonly application: string | null;
  readonly role: string | null;
  /** Seconds since its transaction began; null where our role may not see it. */
  readonly seconds: number | null;
}

/** The sessions that the backend of this pid waits for. */
export function blockersOf(control: Connection, pid: number): Promise<Blocker[]> {
  return control.query<Blocker & { [column: string]: unknown }>(
    `SELECT b.pid, a.application_name AS application, a.usename::text AS role,
            extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS seconds
       FROM unnest(pg_blocking_pids($1)) AS b(pid) LEFT JOIN pg_stat_activity a ON a.pid = b.pid`,
    [pid],
  );
}

/**
 * The session with the oldest transaction that has written anything, of all databases: a slot's restart position waits
 * for its end. `pg_locks` shows it to every role.
 */
export async function oldestWriter(control: Connection): Promise<Blocker | null> {
  const [oldest] = await control.query<Blocker & { [column: string]: unknown }>(
    `SELECT coalesce(l.pid, 0) AS pid, a.application_name AS application, a.usename::text AS role,
            extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS seconds
       FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
      WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted
      ORDER BY age(l.transactionid) DESC LIMIT 1`,
  );
  return oldest ?? null;
}

/** Says who they are in one line; '' for nobody. */
export function blockersText(blockers: readonly Blocker[]): string {
  return blockers.map(describe).join(', ');
}

/** What ends the wait for them; of nobody known, what ends it for whoever it is. */
export function blockersRemedy(blockers: readonly Blocker[]): string {
  const pids = blockers.map(({ pid }) => pid).filter((pid) => pid !== 0);
  const ways = pids.map((pid) => `SELECT pg_terminate_backend(${pid});`);
  if (pids.length < blockers.length) ways.push('COMMIT PREPARED or ROLLBACK PREPARED');
  return `end that transaction, or: ${ways.length === 0 ? 'SELECT pg_terminate_backend(pid);' : ways.join(' ')}`;
}

function describe(blocker: Blocker): string {
  if (blocker.pid === 0) return 'a prepared transaction (see pg_prepared_xacts)';
  const who = [blocker.application, blocker.role === null ? null : `role ${blocker.role}`].filter((part) => part);
  const since = blocker.seconds === null ? '' : `, open for ${Math.round(blocker.seconds)} s`;
  return `pid ${blocker.pid}${who.length > 0 ? ` (${who.join(', ')}${since})` : since}`;
}
