import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import type { Simulator, SpendLogRow } from '../../../apps/simulator/src/index.js';
import { awaitUntil } from '../../support/await-until.js';
import { PATIENCE } from './patience.js';
import { MARKER } from './self-metrics.js';

/** Milliseconds between two transactions. */
const SPACING = 50;
/** Milliseconds between two flushes of what requests have cost. */
const FLUSH = 2_000;
/** Milliseconds after each write in which nothing is written, so that times of one transaction are later than the commit before. */
const GAP = 2;

/**
 * Traffic that goes on through every fault. It comes from one writer, and a request ends when it is written: so the end of each row
 * lies between the commit before it and its own, and what a new seed has to count on is exactly what the state had not counted.
 */
export class Traffic {
  /** Rows whose commit was confirmed. */
  rows = 0;
  /** Transactions that failed, with the servers or without them. */
  failures = 0;
  readonly #simulator: Simulator;
  readonly #pool: pg.Pool;
  readonly #rate: number;
  #turn: Promise<unknown> = Promise.resolve();
  #going: Promise<void> | undefined;
  #stopping = false;
  #marks = 0;

  constructor(simulator: Simulator, pool: pg.Pool, rate: number) {
    this.#simulator = simulator;
    this.#pool = pool;
    this.#rate = rate;
  }

  start(): void {
    if (this.#going !== undefined) return;
    this.#stopping = false;
    this.#going = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#going;
    this.#going = undefined;
  }

  /** Does something while no other write is under way. */
  exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.then(
      () => pause(GAP),
      () => pause(GAP),
    );
    return result;
  }

  /** Rows of traffic that end now. */
  fresh(count: number, overrides: Partial<SpendLogRow> = {}): SpendLogRow[] {
    const now = Date.now();
    return this.#simulator.traffic.rows(count, overrides).map((row) => {
      const shift = now - row.endTime;
      const first = row.completionStartTime;
      return {
        ...row,
        startTime: row.startTime + shift,
        endTime: now,
        completionStartTime: first === null ? null : first + shift,
      };
    });
  }

  /** One transaction of so many rows. */
  async write(count: number, overrides: Partial<SpendLogRow> = {}): Promise<void> {
    await this.exclusively(async () => {
      await this.#simulator.write(this.fresh(count, overrides));
      this.rows += count;
    });
  }

  /** One transaction of very many rows: copies of a thousand of traffic, which end when they are written, as all do. */
  async writeMany(count: number): Promise<void> {
    const rows = this.fresh(1_000);
    const table = this.#simulator.database.table('LiteLLM_SpendLogs');
    await this.exclusively(() => this.#simulator.write(rows));
    await this.exclusively(() =>
      this.#pool.query(
        `INSERT INTO ${table}
         SELECT (jsonb_populate_record(row, jsonb_build_object('request_id', request_id || '-' || copy, 'endTime', $3::text))).*
         FROM ${table} AS row, generate_series(1, $1) AS copy WHERE request_id = ANY($2)`,
        [Math.ceil(count / rows.length), rows.map((row) => row.request_id), new Date().toISOString().slice(0, -1)],
      ),
    );
    this.rows += count + rows.length;
  }

  /** So many transactions of one row each: copies of one of traffic, which end when they are written. */
  async writeSingly(count: number): Promise<void> {
    const [row] = this.fresh(1);
    if (row === undefined) throw new RangeError('one row was asked for');
    const table = this.#simulator.database.table('LiteLLM_SpendLogs');
    await this.exclusively(() => this.#simulator.write([row]));
    await this.exclusively(() =>
      this.#pool.query(
        `DO $do$ BEGIN FOR copy IN 1..${count} LOOP
           INSERT INTO ${table}
           SELECT (jsonb_populate_record(row, jsonb_build_object('request_id', request_id || '-' || copy, 'endTime', clock_timestamp() AT TIME ZONE 'UTC'))).*
           FROM ${table} AS row WHERE request_id = '${row.request_id}';
           COMMIT;
         END LOOP; END $do$`,
      ),
    );
    this.rows += count + 1;
  }

  /** Waits until so many more rows are committed. */
  async more(rows: number, timeout = PATIENCE): Promise<void> {
    const wanted = this.rows + rows;
    await awaitUntil(() => this.rows >= wanted, { timeout, what: `${rows} more rows of traffic` });
  }

  /** Commits a mark behind everything that was written so far, as soon as there is a PostgreSQL, and resolves with it. */
  async mark(timeout = PATIENCE): Promise<number> {
    this.#marks += 1;
    const mark = this.#marks;
    const table = this.#simulator.database.table('LiteLLM_UserTable');
    const write = async (): Promise<true> => {
      const { rowCount } = await this.exclusively(() =>
        this.#pool.query(`UPDATE ${table} SET max_budget = $1 WHERE user_id = $2`, [mark, MARKER]),
      );
      if (rowCount !== 1) throw new Error(`there are ${rowCount} users ${MARKER}`);
      return true;
    };
    await awaitUntil(write, { timeout, what: 'a mark in PostgreSQL' });
    return mark;
  }

  async #run(): Promise<void> {
    let flushed = performance.now();
    while (!this.#stopping) {
      const most = Math.max(1, Math.round((this.#rate * SPACING * 2) / 1_000) - 1);
      try {
        await this.write(this.#simulator.drawBatch({ min: 1, max: most }));
        if (performance.now() - flushed >= FLUSH) {
          flushed = performance.now();
          await this.exclusively(() => this.#simulator.flushSpend());
        }
        await pause(Math.max(SPACING, 1_000 / this.#rate));
      } catch {
        this.failures += 1;
        await pause(100);
      }
    }
  }
}
