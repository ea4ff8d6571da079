import { readFileSync } from 'node:fs';
import type pg from 'pg';
import type { Labels } from '../support/exposition.js';
import type { ExpectedSample } from './compare-families.js';

/** The settings of the exporter that shape its answer, as SQL intervals. */
export interface OracleSettings {
  readonly spend?: string;
  readonly request?: string;
  readonly error?: string;
  readonly rowMaxAge?: string;
}

/** LiteLLM's entity tables by the name that the oracle's views have. */
const tables = {
  budget: 'LiteLLM_BudgetTable',
  user: 'LiteLLM_UserTable',
  team: 'LiteLLM_TeamTable',
  organization: 'LiteLLM_OrganizationTable',
  key: 'LiteLLM_VerificationToken',
  end_user: 'LiteLLM_EndUserTable',
  team_member: 'LiteLLM_TeamMembership',
  project: 'LiteLLM_ProjectTable',
  tag: 'LiteLLM_TagTable',
  model: 'LiteLLM_ProxyModelTable',
  deprecated_key: 'LiteLLM_DeprecatedVerificationToken',
} as const;

const gauges = ['spend', 'requests', 'rates', 'budgets', 'keys', 'people', 'models'] as const;
const counters = ['counters', 'histograms'] as const;

/**
 * Recomputes every family of METRICS.md in SQL, from a shadow of the spend logs that no UPDATE, DELETE or TRUNCATE reaches, and from
 * the entity tables as they are. Knows nothing of the program's own libraries.
 */
export class Oracle {
  readonly #client: pg.Client;
  readonly #schema: string;

  private constructor(client: pg.Client, schema: string) {
    this.#client = client;
    this.#schema = schema;
  }

  /**
   * Sets the oracle up beside LiteLLM's tables of `schema`. The client must be a superuser's and be used by nobody else; the server
   * must have `track_commit_timestamp`.
   */
  static async install(client: pg.Client, schema: string, settings: OracleSettings = {}): Promise<Oracle> {
    const oracle = new Oracle(client, schema);
    // Estimates over views of JSON are rough: nobody is to compile such a query, or to join it in nested loops.
    await client.query("SET timezone = 'UTC'; SET jit = off; SET enable_nestloop = off");
    await client.query(statement('ledger'));
    for (const [name, table] of Object.entries(tables)) await client.query(await oracle.#source(name, table));
    await client.query(statement('entities'));
    await client.query(statement('windows'));
    await client.query(
      `INSERT INTO oracle.moment VALUES (now(), $1, $2, $3, $4, '^User-Agent: ',
        '{0.1,0.25,0.5,1,2.5,5,10,20,30,60,120,300,600}', '{0.05,0.1,0.25,0.5,1,2.5,5,10,30,60}')`,
      [settings.spend ?? '30d', settings.request ?? '24h', settings.error ?? '1h', settings.rowMaxAge ?? '24h'],
    );
    await client.query(
      `CREATE TRIGGER oracle_takes_replacement AFTER UPDATE OF token ON ${oracle.#table(tables.key)}
       FOR EACH ROW WHEN (OLD.token IS DISTINCT FROM NEW.token) EXECUTE FUNCTION oracle.take_replacement()`,
    );
    await oracle.watchSpendLogs();
    return oracle;
  }

  /** Puts the trigger on the table that has the spend logs' name now. */
  async watchSpendLogs(): Promise<void> {
    await this.#client.query(
      `CREATE TRIGGER oracle_takes_arrivals AFTER INSERT ON ${this.#spendLogs} REFERENCING NEW TABLE AS added
       FOR EACH STATEMENT EXECUTE FUNCTION oracle.take_arrivals()`,
    );
  }

  /** Takes the trigger off again, where nothing is to be compared and rows come by the hundred thousand. */
  async unwatchSpendLogs(): Promise<void> {
    await this.#client.query(`DROP TRIGGER oracle_takes_arrivals ON ${this.#spendLogs}`);
  }

  /** Reads what was committed since the last call; to be called after every write and before the next change of an entity. */
  async settle(): Promise<number> {
    const { rows } = await this.#client.query<{ settle: string }>('SELECT oracle.settle()');
    await this.#client.query('SELECT oracle.end_series()');
    return Number(rows[0]?.settle);
  }

  /** A first seed: the state is what the table holds, replacements of tokens are unknown, counters stand at 0. */
  async firstSeed(): Promise<void> {
    await this.#client.query('TRUNCATE oracle.rows, oracle.arrivals, oracle.counted, oracle.replacements');
    await this.#takeTable();
  }

  /**
   * A new seed over a state: counters and replacements stay. With `keepsPast` (Redis) so do buckets that lie wholly before the table's
   * oldest row. Counters also take the seed's rows that ended after `lastCommit`, the commit of the last transaction that was applied
   * (Unix time in seconds).
   */
  async newSeed(keepsPast: boolean, lastCommit: number): Promise<void> {
    await this.settle();
    await this.#client.query('DELETE FROM oracle.rows WHERE history OR NOT $1', [keepsPast]);
    await this.#client.query(
      `UPDATE oracle.rows SET kept_before = least(kept_before,
         (SELECT coalesce(min("startTime"::timestamptz), 'infinity') FROM ${this.#spendLogs}))`,
    );
    await this.#takeTable();
    await this.#client.query('SELECT oracle.count_unseen(to_timestamp($1))', [lastCommit]);
  }

  /** What /metrics must say at `now`, in milliseconds since the Unix epoch; without `counting` only gauges. */
  async expected(now: number, { counting = true } = {}): Promise<ExpectedSample[]> {
    await this.settle();
    await this.#client.query('UPDATE oracle.moment SET now = $1', [new Date(now).toISOString()]);
    const samples: ExpectedSample[] = [];
    for (const file of [...gauges, ...(counting ? counters : [])]) samples.push(...(await this.#samples(file)));
    return samples;
  }

  /** Counters that must be there, if only at 0: those of models that the seed knows and of teams that exist. */
  shownAtZero(): Promise<readonly ExpectedSample[]> {
    return this.#samples('shown');
  }

  /** Milliseconds since the Unix epoch by the server's clock. */
  async clock(): Promise<number> {
    const { rows } = await this.#client.query<{ now: string }>(
      'SELECT extract(epoch FROM clock_timestamp()) * 1000 AS now',
    );
    return Number(rows[0]?.now);
  }

  async #samples(file: string): Promise<ExpectedSample[]> {
    type Row = { family: string; labels: Labels; value: number };
    const { rows } = await this.#client.query<Row>(statement(file));
    return rows.map(({ family, labels, value }) => ({ name: family, labels, value: Number(value) }));
  }

  async #takeTable(): Promise<void> {
    await this.#client.query(
      `INSERT INTO oracle.arrivals
       SELECT NULL, to_jsonb(logs) - ARRAY['messages', 'response', 'proxy_server_request'] FROM ${this.#spendLogs} AS logs`,
    );
    await this.settle();
    await this.#client.query('ANALYZE oracle.rows');
  }

  async #source(name: string, table: string): Promise<string> {
    const qualified = this.#table(table);
    const { rows } = await this.#client.query('SELECT to_regclass($1) AS oid', [qualified]);
    const body =
      rows[0].oid === null ? 'SELECT NULL::jsonb AS r WHERE false' : `SELECT to_jsonb(t) AS r FROM ${qualified} AS t`;
    return `CREATE VIEW oracle.source_${name} AS ${body}`;
  }

  #table(name: string): string {
    return `"${this.#schema.replaceAll('"', '""')}"."${name}"`;
  }

  get #spendLogs(): string {
    return this.#table('LiteLLM_SpendLogs');
  }
}

function statement(file: string): string {
  return readFileSync(new URL(`sql/${file}.sql`, import.meta.url), 'utf8');
}
