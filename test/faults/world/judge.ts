import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { compareFamilies, type Difference, describeDifferences } from '../../oracle/compare-families.js';
import { familyFaults } from '../../oracle/contract.js';
import { Oracle } from '../../oracle/oracle.js';
import { type Exposition, parseExposition } from '../../support/exposition.js';
import { slowness } from './patience.js';
import type { Replica } from './replica.js';
import { CLOCK } from './self-metrics.js';

/** What SQL has to know to recompute everything from the table. */
export interface Case {
  readonly url: string;
  readonly schema: string;
  /** What was committed up to this time, by PostgreSQL's clock, is what the first seed found. */
  readonly seededUntil: Date;
  /** Rows that PostgreSQL has lost and the counters have not, as JSON. */
  readonly ghosts: readonly string[];
  /** Rows as they were before the table was changed under them. */
  readonly remembered: readonly RememberedRow[];
}

/** A row of the spend logs as it was committed, whatever became of it since. */
export interface RememberedRow {
  readonly requestId: string;
  /** The transaction that wrote it; null where the first seed found it. */
  readonly xid: string | null;
  /** As JSON. */
  readonly row: string;
}

/** Every row that is in the spend logs, as {@link RememberedRow}s; with `request_id` not in `$2`. */
const PRESENT = (table: string): string => `
  SELECT request_id AS "requestId", CASE WHEN pg_xact_commit_timestamp(xmin) > $1 THEN xmin::text END AS xid,
    (to_jsonb(logs) - ARRAY['messages', 'response', 'proxy_server_request'])::text AS row
  FROM ${table} AS logs WHERE request_id <> ALL ($2::text[])`;

/** What the spend logs hold now beside what is remembered already. */
export async function remember(
  pool: pg.Pool,
  { schema, seededUntil, remembered }: Pick<Case, 'schema' | 'seededUntil' | 'remembered'>,
): Promise<readonly RememberedRow[]> {
  const known = remembered.map(({ requestId }) => requestId);
  return (await pool.query<RememberedRow>(PRESENT(spendLogs(schema)), [seededUntil, known])).rows;
}

const spendLogs = (schema: string): string => `"${schema.replaceAll('"', '""')}"."LiteLLM_SpendLogs"`;

/** What the comparison of all families came to. */
export interface Verdict {
  readonly rowsLost: number;
  readonly rowsDoubled: number;
  /** Everything that differs, in words; empty where all agrees. */
  readonly faults: readonly string[];
}

/** Where a row was seeded in one case and streamed in another, these tell its arrival a few milliseconds apart. */
const BY_ARRIVAL = /^litellm_current_[tr]pm$/;
const LOOKS = 6;

/** Every family of each exporter against SQL. Nothing may be written meanwhile, and everything written has to be applied. */
export async function judge(about: Case, replicas: readonly Replica[]): Promise<Verdict> {
  const client = new pg.Client(about.url);
  client.on('error', () => {});
  await client.connect();
  try {
    const oracle = await recount(client, about);
    const verdicts: Verdict[] = [];
    for (const replica of replicas) verdicts.push(await compare(oracle, replica));
    return {
      rowsLost: Math.max(...verdicts.map(({ rowsLost }) => rowsLost)),
      rowsDoubled: Math.max(...verdicts.map(({ rowsDoubled }) => rowsDoubled)),
      faults: verdicts.flatMap(({ faults }) => faults),
    };
  } finally {
    await client.query('DROP SCHEMA IF EXISTS oracle CASCADE').catch(() => {});
    await client.end();
  }
}

/** Sets the oracle up anew: a crash empties its unlogged tables, and another server may never have had them. */
async function recount(client: pg.Client, about: Case): Promise<Oracle> {
  await client.query('DROP SCHEMA IF EXISTS oracle CASCADE');
  const oracle = await Oracle.install(client, about.schema);
  await client.query('DROP FUNCTION oracle.take_arrivals CASCADE');
  if (about.ghosts.length > 0) {
    await client.query('INSERT INTO oracle.arrivals SELECT NULL, row FROM unnest($1::jsonb[]) AS row', [about.ghosts]);
    await oracle.settle();
    await client.query(`SELECT oracle.count_unseen('-infinity'); TRUNCATE oracle.rows`);
  }
  const { schema, seededUntil, remembered } = about;
  await client.query(
    `INSERT INTO oracle.arrivals SELECT xid::xid8, row::jsonb FROM jsonb_to_recordset($1) AS was (xid text, row text)`,
    [JSON.stringify(remembered)],
  );
  await client.query(
    `INSERT INTO oracle.arrivals SELECT xid::xid8, row::jsonb FROM (${PRESENT(spendLogs(schema))}) AS present`,
    [seededUntil, remembered.map(({ requestId }) => requestId)],
  );
  await oracle.settle();
  await client.query('ANALYZE oracle.rows; ANALYZE oracle.counted');
  return oracle;
}

async function compare(oracle: Oracle, replica: Replica): Promise<Verdict> {
  for (let look = 1; ; look += 1) {
    const scrape = parseExposition(await replica.text(20_000));
    const { clock, faults } = await inspect(oracle, scrape);
    const samples = [...scrape.families.values()].flatMap((family) => family.samples);
    const differences = compareFamilies(await oracle.expected(clock), samples);
    const passing = differences.every(({ name }) => BY_ARRIVAL.test(name));
    if (differences.length > 0 && passing && look < LOOKS) {
      await pause(1_100);
      continue;
    }
    const said = differences.length === 0 ? [] : [describeDifferences(differences)];
    return {
      ...rowsOf(differences),
      faults: [...faults, ...said].map((fault) => `exporter ${replica.name}: ${fault}`),
    };
  }
}

async function inspect(oracle: Oracle, scrape: Exposition): Promise<{ clock: number; faults: string[] }> {
  const user = { entity_type: 'user', entity_id: CLOCK, entity_alias: 'none' };
  const reset = scrape.value('litellm_budget_reset_timestamp_seconds', user);
  const left = scrape.value('litellm_budget_reset_time', user);
  if (reset === undefined || left === undefined) throw new Error('the clock of the state is not to be seen');
  const clock = Math.round((reset - left) * 1_000);
  const faults = familyFaults(scrape.families);
  const behind = (await oracle.clock()) - clock;
  if (Math.abs(behind) > 4_000 * slowness()) faults.push(`the clock of the state is ${behind} ms behind PostgreSQL's`);
  return { clock, faults };
}

/** Rows, by the counter and by the window: what SQL has more of is lost, what the exporter has more of is doubled. */
function rowsOf(differences: readonly Difference[]): Pick<Verdict, 'rowsLost' | 'rowsDoubled'> {
  const totals = (family: string, sign: 1 | -1): number =>
    differences
      .filter(({ name }) => name === family)
      .reduce((sum, { expected = 0, actual = 0 }) => sum + Math.max(0, sign * (expected - actual)), 0);
  const families = ['litellm_requests_processed_total', 'litellm_requests_total'];
  return {
    rowsLost: Math.max(...families.map((family) => totals(family, 1))),
    rowsDoubled: Math.max(...families.map((family) => totals(family, -1))),
  };
}
