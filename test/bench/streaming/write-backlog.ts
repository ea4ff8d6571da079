import { type Lsn, parseLsn } from '@app/change';
import type { BenchDatabase } from './bench-database.js';

/** How much is written. */
export interface BacklogShape {
  readonly rows: number;
  readonly rowsPerTransaction: number;
  /** As {@link makePatterns} was told. */
  readonly patterns?: number;
}

/** Rows of the simulator that a backlog repeats with other ids and times, where nothing else is said. */
const PATTERNS = 2_000;
const SPEND_LOGS = '"LiteLLM_SpendLogs"';
/** Columns that differ from row to row of one pattern. */
const RENEWED: Readonly<Record<string, string>> = {
  request_id: `'backlog-' || run || '-' || g`,
  startTime: 'p."startTime" - moved',
  endTime: 'p."endTime" - moved',
  completionStartTime: 'p."completionStartTime" - moved',
  session_id: `'session-' || run || '-' || g`,
  litellm_call_id: `'call-' || run || '-' || g`,
};

/**
 * Writes rows of the simulator inside the server, transaction by transaction, in a tenth of the time that sending them takes. They lie
 * within the last hour. Returns where the last commit ends.
 */
export async function writeBacklog(database: BenchDatabase, shape: BacklogShape): Promise<Lsn> {
  const { sql } = database;
  const { rows, rowsPerTransaction, patterns = PATTERNS } = shape;
  const { rows: columns } = await sql.query<{ name: string }>(
    `SELECT attname AS name FROM pg_attribute WHERE attrelid = '${SPEND_LOGS}'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
  );
  const names = columns.map(({ name }) => `"${name}"`).join(', ');
  const values = columns.map(({ name }) => RENEWED[name] ?? `p."${name}"`).join(', ');
  await sql.query(`DO $$
    DECLARE run text := md5(clock_timestamp()::text); first bigint := 0;
    BEGIN
      WHILE first < ${rows} LOOP
        INSERT INTO ${SPEND_LOGS} (${names})
          SELECT ${values}
          FROM generate_series(first, least(first + ${rowsPerTransaction}, ${rows}) - 1) AS g,
            LATERAL (SELECT (hashint8(g) & 2147483647) % ${patterns} + 1 AS wanted, make_interval(secs => g % 3600) AS moved) AS drawn
          JOIN bench_pattern AS p ON p.number = drawn.wanted;
        COMMIT;
        first := first + ${rowsPerTransaction};
      END LOOP;
    END $$`);
  // Nothing else writes here: the log ends where the last commit does.
  const { rows: ends } = await sql.query<{ lsn: string }>('SELECT pg_current_wal_insert_lsn()::text AS lsn');
  return parseLsn(ends[0]?.lsn ?? '');
}

/**
 * Takes rows out of the simulator's hands: written once as spend logs, and kept in a table that no slot speaks of. Comes before the
 * slots are made, so that these rows are no part of a backlog.
 */
export async function makePatterns({ sql, simulator }: BenchDatabase, patterns = PATTERNS): Promise<void> {
  await simulator.writeBatch(patterns);
  await sql.query(`CREATE UNLOGGED TABLE bench_pattern AS SELECT row_number() OVER () AS number, * FROM ${SPEND_LOGS}`);
  await sql.query('ALTER TABLE bench_pattern ADD PRIMARY KEY (number)');
  await sql.query('ANALYZE bench_pattern');
}
