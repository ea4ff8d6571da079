import { setTimeout as pause } from 'node:timers/promises';
import { parseLsn } from '@app/change';
import type { SlotDrop, SlotSight, SlotWatch } from '@app/litellm';
import { lockHolder, tryLock, unlock } from './advisory-lock.js';
import { Connection } from './connection.js';
import type { PostgresOptions, Reporter } from './options.js';
import { dropFailure } from './slot.js';
import { blockersText, oldestWriter } from './slot-blockers.js';
import { checkSlotIsOurs } from './slot-check.js';
import { readSlot } from './slot-facts.js';
import { systemIdOf } from './source-facts.js';

/** Milliseconds that a session which was told to end is given, and a walsender to let go of its slot. */
const ENDING_MS = 3_000;
const POLL_MS = 50;

interface Place {
  readonly version: number;
  readonly in_recovery: boolean;
  readonly wal_end: string | null;
}

const PLACE = `
  SELECT current_setting('server_version_num')::int AS version, pg_is_in_recovery() AS in_recovery,
         (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END)::text AS wal_end`;

/** What makes the slot of our name ours, and that it lags by more than $2. */
const LAGS = `
  FROM pg_replication_slots
 WHERE slot_name = $1 AND database = current_database() AND plugin IN ('wal2json', 'pgoutput')
   AND pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn) > $2`;

/** One statement, so that it can't change in between. */
const DROP = `SELECT pg_drop_replication_slot(slot_name) ${LAGS} AND NOT temporary`;

/** The watch over one slot, with a connection that is opened when it is needed and kept. */
export class PostgresSlotWatch implements SlotWatch {
  private connection: Promise<Connection> | null = null;
  private readonly ending = new AbortController();

  constructor(
    private readonly options: PostgresOptions,
    private readonly reporter: Reporter,
  ) {}

  look(): Promise<SlotSight> {
    return this.ask(async (control) => {
      const [place] = await control.query<Place & { [column: string]: unknown }>(PLACE);
      if (place === undefined) throw new RangeError('a query without FROM has one row');
      const found = await readSlot(control, this.options.slot, place.version);
      const slot = checkSlotIsOurs(found, this.options) === null ? found : null;
      const { database, schema } = this.options;
      const source = { systemId: await systemIdOf(control), database, schema };
      return { source, slot, walEnd: parseLsn(place.wal_end ?? '0/0'), inRecovery: place.in_recovery };
    });
  }

  oldestTransaction(): Promise<string | null> {
    return this.ask(async (control) => {
      const oldest = await oldestWriter(control);
      return oldest === null ? null : blockersText([oldest]);
    });
  }

  drop(limit: number, { endHolder }: { readonly endHolder: boolean }): Promise<SlotDrop> {
    return this.ask(async (control) => {
      // What was seen may be out of date: nobody is ended for a slot that has been made anew.
      const [slot] = await control.query<{ temporary: boolean }>(`SELECT temporary ${LAGS}`, [
        this.options.slot,
        limit,
      ]);
      if (slot === undefined || (this.options.temporarySlot && !slot.temporary)) return 'kept';
      if (endHolder) await this.end(control, (await lockHolder(control, this.options.slot))?.pid, 'the claim');
      if (!(await this.lockInTime(control, endHolder))) return 'held';
      try {
        return await this.dropLocked(control, limit, { endHolder, temporary: slot.temporary });
      } finally {
        await unlock(control, this.options.slot);
      }
    });
  }

  async close(): Promise<void> {
    this.ending.abort(new Error('the watch is closed'));
    const connection = await this.connection?.catch(() => null);
    await connection?.close();
  }

  private async dropLocked(
    control: Connection,
    limit: number,
    { endHolder, temporary }: { readonly endHolder: boolean; readonly temporary: boolean },
  ): Promise<SlotDrop> {
    const { slot: name } = this.options;
    const deadline = Date.now() + ENDING_MS;
    for (;;) {
      try {
        const dropped = await control.query(DROP, [name, limit]);
        // A temporary slot goes with the session that was ended; another one that is gone was dropped by another watch, which says so.
        const gone = dropped.length > 0 || (endHolder && temporary && !(await exists(control, name)));
        return gone ? 'dropped' : 'kept';
      } catch (error) {
        const { code } = error as { code?: unknown };
        if (code === '42704') return 'kept';
        if (code !== '55006' || Date.now() >= deadline) throw dropFailure(error, name);
        if (endHolder) await this.end(control, await consumerOf(control, name), 'the slot');
        await pause(POLL_MS);
      }
    }
  }

  /** A session that was just told to end has the lock for a moment yet. */
  private async lockInTime(control: Connection, patient: boolean): Promise<boolean> {
    const deadline = Date.now() + (patient ? ENDING_MS : 0);
    for (;;) {
      if (await tryLock(control, this.options.slot)) return true;
      if (Date.now() >= deadline) return false;
      await pause(POLL_MS);
    }
  }

  private async end(control: Connection, pid: number | null | undefined, holds: string): Promise<void> {
    if (pid === null || pid === undefined) return;
    this.reporter.warn(`ending the session with pid ${pid}, which holds ${holds} of slot "${this.options.slot}"`);
    await control.query('SELECT pg_terminate_backend($1)', [pid]);
  }

  /** A connection that has failed is not used again. */
  private async ask<T>(question: (control: Connection) => Promise<T>): Promise<T> {
    this.connection ??= Connection.open(this.options, 'control', this.ending.signal);
    const asked = this.connection;
    try {
      return await question(await asked);
    } catch (error) {
      if (this.connection === asked) this.connection = null;
      const connection = await asked.catch(() => null);
      await connection?.close();
      throw connection?.explain(error) ?? error;
    }
  }
}

async function exists(control: Connection, slot: string): Promise<boolean> {
  const rows = await control.query('SELECT FROM pg_replication_slots WHERE slot_name = $1', [slot]);
  return rows.length > 0;
}

async function consumerOf(control: Connection, slot: string): Promise<number | null> {
  const [row] = await control.query<{ pid: number | null }>(
    'SELECT active_pid AS pid FROM pg_replication_slots WHERE slot_name = $1',
    [slot],
  );
  return row?.pid ?? null;
}
