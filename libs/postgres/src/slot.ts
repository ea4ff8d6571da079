import { ExporterFailure, type Lsn, type Plugin, parseLsn } from '@app/change';
import { quoteIdentifier } from '@app/litellm';
import type { Connection } from './connection.js';
import type { Reporter } from './options.js';
import { FAILOVER_VERSION } from './server-check.js';
import { type Blocker, blockersOf, blockersRemedy, blockersText } from './slot-blockers.js';
import { failureFromSql } from './sql-state.js';

/** The slot that is wanted. */
export interface SlotWish {
  readonly name: string;
  readonly plugin: Plugin;
  readonly temporary: boolean;
  readonly failover: boolean;
  /** `server_version_num`. */
  readonly version: number;
}

/** A slot just made, and the snapshot that sees what was committed before its consistent point. */
export interface CreatedSlot {
  readonly consistentPoint: Lsn;
  /** Dies at the next command on the replication connection. */
  readonly snapshot: string;
}

/** How long the creation may wait for the transactions of others. */
export interface SlotPatience {
  /** Milliseconds until the server gives one attempt up. */
  readonly attempt: number;
  /** Milliseconds for all attempts. */
  readonly total: number;
  /** Milliseconds between lines that say who is waited for. */
  readonly progress: number;
}

const PATIENCE: SlotPatience = { attempt: 60_000, total: 600_000, progress: 5_000 };

/** Ends what the session does when `signal` says so. */
interface SlotWait {
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  readonly patience?: SlotPatience;
}

/** The statement that makes the slot; the walsender of 14 knows only the older form. */
export function createSlotStatement(wish: SlotWish): string {
  const head = `CREATE_REPLICATION_SLOT ${quoteIdentifier(wish.name)}${wish.temporary ? ' TEMPORARY' : ''} LOGICAL ${wish.plugin}`;
  if (wish.version < 150_000) return `${head} EXPORT_SNAPSHOT`;
  const failover = wish.failover && !wish.temporary && wish.version >= FAILOVER_VERSION ? ', FAILOVER' : '';
  return `${head} (SNAPSHOT 'export'${failover})`;
}

/**
 * Makes the slot on the replication connection. The server waits for every transaction that is open at that time;
 * while it does, log and status say for whom.
 *
 * @throws ExporterFailure `seed-interrupted` that names the transaction when it takes too long, `slots-exhausted`, …
 */
export async function createSlot(
  replication: Connection,
  control: Connection,
  wish: SlotWish,
  wait: SlotWait,
): Promise<CreatedSlot> {
  try {
    return await createPatiently(replication, control, wish, wait);
  } finally {
    wait.reporter.waitsFor(null);
  }
}

async function createPatiently(
  replication: Connection,
  control: Connection,
  wish: SlotWish,
  wait: SlotWait,
): Promise<CreatedSlot> {
  const patience = wait.patience ?? PATIENCE;
  const deadline = Date.now() + patience.total;
  for (;;) {
    wait.signal.throwIfAborted();
    await replication.query(`SET lock_timeout = ${patience.attempt}`);
    const progress = watch(replication, control, wait.reporter, patience.progress);
    const abort = (): void => void terminate(control, replication.processId);
    wait.signal.addEventListener('abort', abort, { once: true });
    try {
      const [row] = await replication.query<{ consistent_point: string; snapshot_name: string }>(
        createSlotStatement(wish),
      );
      if (row === undefined) throw new RangeError('CREATE_REPLICATION_SLOT gives one row');
      return { consistentPoint: parseLsn(row.consistent_point), snapshot: row.snapshot_name };
    } catch (error) {
      if ((error as { code?: unknown }).code !== '55P03') throw creationFailure(error, wish);
      if (Date.now() >= deadline) throw tooLong(progress.last(), patience);
    } finally {
      wait.signal.removeEventListener('abort', abort);
      progress.stop();
    }
  }
}

/** Drops the slot on the replication connection, which may be the one that holds it; nothing where there is none. */
export async function dropSlotHere(replication: Connection, name: string): Promise<void> {
  try {
    await replication.query(`DROP_REPLICATION_SLOT ${quoteIdentifier(name)}`);
  } catch (error) {
    if ((error as { code?: unknown }).code !== '42704') throw dropFailure(error, name);
  }
}

/**
 * Drops the slot from another session; nothing where there is none. A walsender whose client has just left it needs a
 * moment to let go, and gets it; one that is at work is not touched.
 *
 * @throws ExporterFailure `slot-active`
 */
export async function dropSlotFrom(control: Connection, name: string): Promise<void> {
  const deadline = Date.now() + 2_000;
  for (;;) {
    try {
      await control.query('SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1', [
        name,
      ]);
      return;
    } catch (error) {
      const code = (error as { code?: unknown }).code;
      if (code === '42704') return;
      if (code !== '55006' || Date.now() >= deadline) throw dropFailure(error, name);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function terminate(control: Connection, pid: number): Promise<void> {
  await control.query('SELECT pg_terminate_backend($1)', [pid]).catch(() => undefined);
}

/** Says now and then whom the creation waits for. */
function watch(replication: Connection, control: Connection, reporter: Reporter, every: number) {
  let last: readonly Blocker[] = [];
  let over = false;
  const look = async (): Promise<void> => {
    const found = await blockersOf(control, replication.processId);
    if (over) return;
    last = found;
    if (found.length === 0) return reporter.waitsFor(null);
    const what = `the slot waits for open transactions to end: ${blockersText(found)}`;
    reporter.info(what);
    reporter.waitsFor({ what, remedy: blockersRemedy(found) });
  };
  const timer = setInterval(() => void look().catch(() => undefined), every);
  const stop = (): void => {
    over = true;
    clearInterval(timer);
  };
  return { last: () => last, stop };
}

function tooLong(blockers: readonly Blocker[], patience: SlotPatience): ExporterFailure {
  return new ExporterFailure({
    kind: 'seed-interrupted',
    message: `the slot has waited ${Math.round(patience.total / 1_000)} s for open transactions to end: ${blockersText(blockers) || 'whose, the server does not tell'}`,
    remedy: blockersRemedy(blockers),
    section: '#slots',
  });
}

function creationFailure(error: unknown, wish: SlotWish): unknown {
  return failureFromSql(error, { doing: `creating slot "${wish.name}"`, plugin: wish.plugin, streaming: false });
}

/** What dropping a slot failed with, in terms of slots. */
export function dropFailure(error: unknown, name: string): unknown {
  return failureFromSql(error, { doing: `dropping slot "${name}"`, plugin: 'pgoutput', streaming: false });
}
