import { setTimeout as pause } from 'node:timers/promises';
import type { Connection } from './connection.js';
import { quoteLiteral } from './literal.js';
import type { Reporter } from './options.js';

/** The key of the lock that makes one process the consumer of a slot: a 64-bit hash that every release of ours agrees on. */
function keyExpression(slot: string): string {
  return `hashtextextended('litellm-exporter/' || current_database() || '/' || ${quoteLiteral(slot)}, 0)`;
}

/** How often a waiting process asks whether the lock is free: a killed leader is replaced within 3 s. */
const POLL_MS = 250;
/** How often a waiting process says so. */
const SAY_MS = 60_000;

/** What waiting for the lock needs. */
export interface LockWait {
  readonly control: Connection;
  /** Opens the connection that is to hold the lock; called only while the lock seems to be free. */
  readonly openReplication: () => Promise<Connection>;
  readonly slot: string;
  /** The state is shared, so that waiting is what a replica does; else two exporters want one slot. */
  readonly shared: boolean;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  /** Told while another process has the lock: at once, and then each minute. */
  readonly held?: (() => void) | undefined;
}

/**
 * Waits until this process may consume the slot, and returns the replication connection that holds its advisory lock:
 * lock and slot share one fate. While another process holds it, only an ordinary, idle connection asks now and then: no
 * walsender is taken up, and no snapshot is held.
 *
 * @throws the signal's reason, or what the connections fail with.
 */
export async function takeAdvisoryLock(wait: LockWait): Promise<Connection> {
  let saidAt = Number.NEGATIVE_INFINITY;
  for (;;) {
    wait.signal.throwIfAborted();
    if (await seemsFree(wait)) {
      const replication = await wait.openReplication();
      if (await tryLock(replication, wait.slot)) return replication;
      await replication.close();
    }
    if (performance.now() - saidAt >= SAY_MS) {
      saidAt = performance.now();
      const holder = await holderInWords(wait.control, wait.slot);
      const meanwhile = wait.shared
        ? 'this one serves the state that they share in Redis, and takes over when that one goes'
        : 'without Redis two exporters share nothing, so this one has nothing to serve until that one goes: stop the other one, or set REPLICATION_SLOT to a name of its own';
      wait.reporter.info(`another exporter consumes slot "${wait.slot}"${holder}; ${meanwhile}`);
      wait.held?.();
    }
    await pause(POLL_MS, undefined, { signal: wait.signal });
  }
}

/** Takes the lock for this session where nobody has it. @returns whether it is ours now */
export async function tryLock(connection: Connection, slot: string): Promise<boolean> {
  const [row] = await connection.query<{ taken: string | boolean }>(
    `SELECT pg_try_advisory_lock(${keyExpression(slot)}) AS taken`,
  );
  return row?.taken === true || row?.taken === 't';
}

/** Gives the lock back that {@link tryLock} took. */
export async function unlock(connection: Connection, slot: string): Promise<void> {
  await connection.query(`SELECT pg_advisory_unlock(${keyExpression(slot)})`);
}

async function seemsFree({ control, slot }: LockWait): Promise<boolean> {
  const taken = await tryLock(control, slot);
  if (taken) await unlock(control, slot);
  return taken;
}

/** The session that holds the lock of a slot. */
export interface LockHolder {
  readonly pid: number;
  /** Its address; null for a socket, and where our role may not see it. */
  readonly client: string | null;
}

/** Who holds the lock; null for nobody. */
export async function lockHolder(control: Connection, slot: string): Promise<LockHolder | null> {
  const [row] = await control.query<{ pid: number; client: string | null }>(
    `SELECT l.pid, host(a.client_addr) AS client
       FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
      WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND (l.classid::int8 << 32 | l.objid::int8) = ${keyExpression(slot)}`,
  );
  return row ?? null;
}

async function holderInWords(control: Connection, slot: string): Promise<string> {
  const row = await lockHolder(control, slot);
  if (row === null) return '';
  return ` (pid ${row.pid}${row.client === null ? '' : ` from ${row.client}`})`;
}
