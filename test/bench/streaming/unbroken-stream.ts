import { setTimeout as pause } from 'node:timers/promises';
import { formatLsn, type Lsn } from '@app/change';
import type { BenchDatabase } from './bench-database.js';
import type { StreamingExporter } from './streaming-exporter.js';
import { writeBacklog } from './write-backlog.js';

/** Rows that are written at a time; while the exporter takes one such slice in, the next one is written. */
const SLICE = 20_000;
const PER_TRANSACTION = 100;
/** Rows in the table at which they are deleted: so much disk, and no more, is taken however long a run lasts. */
export const MOST_ROWS = 400_000;

/** Traffic without a pause, on a disk that does not grow: rows are deleted once they are many, as a retention job does. */
export class UnbrokenStream {
  #inTable = 0;
  #written = 0;

  /** @param patterns as `makePatterns` was told */
  constructor(
    private readonly database: BenchDatabase,
    private readonly exporter: StreamingExporter,
    private readonly patterns: number,
  ) {}

  /** Rows of small transactions so far. */
  get written(): number {
    return this.#written;
  }

  /** Writes as fast as the exporter takes in, for so long. */
  async run(seconds: number): Promise<void> {
    const end = performance.now() + seconds * 1000;
    let before: Lsn | null = null;
    while (performance.now() < end) {
      const slice = await this.#write(SLICE, PER_TRANSACTION);
      this.#written += SLICE;
      if (before !== null) await this.#stored(before);
      before = slice;
    }
    if (before !== null) await this.#stored(before);
  }

  /** Writes one large transaction, and waits until the exporter has stored it. */
  async large(rows: number): Promise<void> {
    await this.#stored(await this.#write(rows, rows));
  }

  /** Deletes what was written, which the exporter is told and which changes nothing, and gives the space back to the table. */
  async forget(): Promise<void> {
    const { sql } = this.database;
    this.#inTable = 0;
    await sql.query('DELETE FROM "LiteLLM_SpendLogs"');
    await sql.query('VACUUM "LiteLLM_SpendLogs"');
    const { rows } = await sql.query<{ lsn: string }>('SELECT pg_current_wal_insert_lsn()::text AS lsn');
    await this.#reached(rows[0]?.lsn ?? '');
    // Only a checkpoint gives segments of the log back, and of a slot's only those behind what it has confirmed.
    await sql.query('CHECKPOINT');
  }

  async #write(rows: number, rowsPerTransaction: number): Promise<Lsn> {
    if (this.#inTable + rows > MOST_ROWS && this.#inTable > 0) await this.forget();
    this.#inTable += rows;
    return writeBacklog(this.database, { rows, rowsPerTransaction, patterns: this.patterns });
  }

  #stored(position: Lsn): Promise<void> {
    return this.#reached(formatLsn(position));
  }

  /** Waits until the exporter has stored all up to a position, and PostgreSQL knows of it. */
  async #reached(position: string): Promise<void> {
    for (;;) {
      const { rows } = await this.database.sql.query<{ there: boolean }>(
        'SELECT confirmed_flush_lsn >= $2::pg_lsn AS there FROM pg_replication_slots WHERE slot_name = $1',
        [this.exporter.slot, position],
      );
      if (rows[0]?.there === true) return;
      if (!this.exporter.process.isRunning()) throw new Error('the exporter has ended');
      await pause(100);
    }
  }
}
