import pg from 'pg';
import { Simulator, type SimulatorOptions, type StepKind } from '../../apps/simulator/src/index.js';
import { awaitUntil } from '../support/await-until.js';
import { type ExporterProcess, startExporter } from '../support/exporter-process.js';
import type { Exposition } from '../support/exposition.js';
import type { PostgresServer } from '../support/postgres-server.js';
import { compareFamilies, type Difference, describeDifferences } from './compare-families.js';
import { familyFaults } from './contract.js';
import { Oracle, type OracleSettings } from './oracle.js';

/** What a scene is made of. */
export interface SceneOptions {
  /** Must have `track_commit_timestamp`. */
  readonly server: PostgresServer;
  readonly simulator?: SimulatorOptions;
  /** Environment of the exporter beside the database. */
  readonly env?: Readonly<Record<string, string>>;
  /** What `env` says of windows, for SQL. */
  readonly settings?: OracleSettings;
}

/** A scrape, and the clock of the state that it shows, in milliseconds since the Unix epoch. */
export interface Sight {
  readonly scrape: Exposition;
  readonly clock: number;
}

const users = 'LiteLLM_UserTable';
/** Its reset lies far ahead, so that its time and its distance together tell the state's clock. */
const clockUser = { entity_type: 'user', entity_id: 'oracle-clock', entity_alias: 'none' };
/** Its budget is a number that grows: commits come in order, so what was committed before it is applied too. */
const markerUser = { entity_type: 'user', entity_id: 'oracle-marker', entity_alias: 'none' };

/** A LiteLLM database with traffic at hand, an oracle beside it, and an exporter that reads it. */
export class Scene {
  readonly database: string;
  readonly simulator: Simulator;
  readonly oracle: Oracle;
  readonly sql: pg.Client;
  /** What was done since the last agreement, for the message of a disagreement. */
  readonly done: string[] = [];
  /** Families of which SQL has expected a series so far. */
  readonly seen = new Set<string>();
  readonly #options: SceneOptions;
  readonly #pool: pg.Pool;
  #exporter: ExporterProcess | undefined;
  #marks = 0;

  private constructor(
    options: SceneOptions,
    parts: { database: string; pool: pg.Pool; sql: pg.Client; oracle: Oracle; simulator: Simulator },
  ) {
    this.#options = options;
    this.#pool = parts.pool;
    this.database = parts.database;
    this.sql = parts.sql;
    this.oracle = parts.oracle;
    this.simulator = parts.simulator;
  }

  /** Makes a database with LiteLLM's tables and a world in it. */
  static async open(options: SceneOptions): Promise<Scene> {
    const { server, settings } = options;
    const database = await server.createDatabase();
    const pool = new pg.Pool({ connectionString: server.url(database), max: 3 });
    pool.on('error', () => {});
    pool.on('connect', (client) => void client.on('error', () => {}));
    const sql = new pg.Client(server.url(database));
    sql.on('error', () => {});
    await sql.connect();
    const simulator = new Simulator(pool, options.simulator);
    await simulator.createTables();
    await simulator.seedWorld();
    const { schema } = simulator.database;
    await sql.query(
      `INSERT INTO ${simulator.database.table(users)} (user_id, max_budget, budget_reset_at)
       VALUES ('oracle-clock', 1, '2099-01-01'), ('oracle-marker', 0, NULL)`,
    );
    const oracle = await Oracle.install(sql, schema, settings);
    return new Scene(options, { database, pool, sql, oracle, simulator });
  }

  get exporter(): ExporterProcess {
    if (this.#exporter === undefined) throw new Error('the exporter was not started');
    return this.#exporter;
  }

  /** Starts the exporter on an empty state; nothing may be written meanwhile. */
  async startFirst(): Promise<void> {
    await this.oracle.firstSeed();
    await this.start();
  }

  /** Starts the exporter on whatever state there is, and waits until it is ready. */
  async start(): Promise<void> {
    const exporter = await this.launch();
    await exporter.awaitReady(60_000);
  }

  /** Starts the exporter and waits for nothing. */
  async launch(): Promise<ExporterProcess> {
    this.#exporter = await startExporter({ env: this.environment() });
    return this.#exporter;
  }

  /** The exporter's environment. */
  environment(): Record<string, string> {
    const { server, env } = this.#options;
    return {
      DATABASE_URL: server.url(this.database),
      LITELLM_DB_SCHEMA: this.simulator.database.schema,
      ...env,
    };
  }

  /** Rows of traffic in one transaction. */
  async rows(count: number, overrides: Parameters<Simulator['writeBatch']>[1] = {}): Promise<void> {
    await this.simulator.writeBatch(count, overrides);
    await this.#note(`${count} rows ${Object.keys(overrides).join()}`);
  }

  /** One step of the simulator. Steps that change rows in place wait until the exporter has read what was there before. */
  async step(kind: StepKind = this.simulator.drawStep()): Promise<void> {
    if (/^(retentionDelete|updateMetadata|truncateSpendLogs|dropPartition)$/.test(kind)) await this.quiet();
    const { summary } = await this.simulator.step(kind);
    await this.#note(`${kind}: ${summary}`);
  }

  async flush(): Promise<void> {
    await this.simulator.flushSpend();
    await this.#note('flush of spend');
  }

  async #note(what: string): Promise<void> {
    await this.oracle.settle();
    this.done.push(what);
  }

  /** Waits until everything that was committed is in the answer. */
  async quiet(timeout = 60_000): Promise<Exposition> {
    this.#marks += 1;
    const mark = this.#marks;
    const table = this.simulator.database.table(users);
    await this.sql.query(`UPDATE ${table} SET max_budget = $1 WHERE user_id = 'oracle-marker'`, [mark]);
    return awaitUntil(
      async () => {
        const scrape = await this.exporter.scrape();
        return scrape.value('litellm_max_budget', markerUser) === mark && scrape;
      },
      {
        timeout,
        interval: 50,
        what: `the exporter's view of everything that was committed (${this.done.at(-1) ?? 'seed'})`,
      },
    );
  }

  /** What the exporter says now, and at which time it is. */
  async look(): Promise<Sight> {
    const scrape = await this.exporter.scrape();
    const reset = scrape.value('litellm_budget_reset_timestamp_seconds', clockUser);
    const left = scrape.value('litellm_budget_reset_time', clockUser);
    if (reset === undefined || left === undefined) throw new Error('the clock of the state is not to be seen');
    return { scrape, clock: Math.round((reset - left) * 1000) };
  }

  /** A look at a state whose clock goes with PostgreSQL's; on a busy machine it is late now and then. */
  async #lookInTime(): Promise<Sight> {
    return awaitUntil(
      async () => {
        const sight = await this.look();
        const behind = (await this.oracle.clock()) - sight.clock;
        if (Math.abs(behind) > 2_500) throw new Error(`it is ${behind} ms behind`);
        return sight;
      },
      { what: 'the clock of the state to be that of PostgreSQL' },
    );
  }

  /** Waits for quiet and compares every family with SQL. Throws every difference, and what was done since the last agreement. */
  async agree(options: { readonly counting?: boolean } = {}): Promise<Sight> {
    await this.quiet();
    const sight = await this.#lookInTime();
    const faults = familyFaults(sight.scrape.families);
    const differences = await this.differences(sight, options);
    if (faults.length === 0 && differences.length === 0) {
      this.done.length = 0;
      return sight;
    }
    throw new Error(
      [...faults, describeDifferences(differences), `since the last agreement:\n  ${this.done.join('\n  ')}`].join(
        '\n',
      ),
    );
  }

  /** The differences between a scrape and SQL at the time of its state. */
  async differences(sight: Sight, { counting = true } = {}): Promise<readonly Difference[]> {
    const expected = await this.oracle.expected(sight.clock, { counting });
    for (const { name } of expected) this.seen.add(name.replace(/(?<=_seconds)_(bucket|sum|count)$/, ''));
    const samples = [...sight.scrape.families.values()].flatMap(({ samples, type }) =>
      counting || type === 'gauge' ? samples : [],
    );
    return compareFamilies(expected, samples);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#exporter?.stop();
    await this.#pool.end();
    await this.sql.end();
  }
}
