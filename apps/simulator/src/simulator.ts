import { type Clock, fixedClock, wallClock } from './clock.js';
import { type Connection, Database } from './database.js';
import { type HistoryOptions, type HistoryResult, writeHistory } from './history.js';
import { Random } from './random.js';
import { createTablesStatements, layOut, type TableOptions, tablesOf } from './schema/create-tables.js';
import { daysAround } from './schema/partitions.js';
import type { ShapeName } from './schema/table-shape.js';
import { allSteps, type StepKind, stepKinds } from './steps/all-steps.js';
import type { SpendLogForm, Step, StepContext, StepResult } from './steps/step.js';
import type { SpendLogRow } from './traffic/spend-log-row.js';
import { Traffic } from './traffic/traffic.js';
import { buildWorld } from './world/build-world.js';
import { type WorldSize, worldSizes } from './world/sizes.js';
import type { World } from './world/world.js';
import { flushSpend } from './writer/flush-spend.js';
import { RowWriter } from './writer/insert.js';
import { seedWorld } from './writer/seed-world.js';
import { SpendLedger } from './writer/spend-ledger.js';
import { SpendLogWriter } from './writer/spend-log-writer.js';

/** What a simulator may be told; everything has a default. */
export interface SimulatorOptions {
  /** The schema in which the tables stand; `public`. */
  readonly schema?: string;
  /** Which LiteLLM; `current`. */
  readonly shape?: ShapeName;
  readonly partitioned?: boolean;
  /** Days before now with a partition of their own; 30. */
  readonly partitionDays?: number;
  readonly columnOrder?: TableOptions['columnOrder'];
  readonly timestamps?: TableOptions['timestamps'];
  /** Names the world and the traffic; 1. */
  readonly seed?: number | string;
  /** A time to stand still at, in milliseconds since the Unix epoch: with it, one seed gives one and the same run. */
  readonly now?: number;
  /** How large the world is; small. */
  readonly size?: WorldSize;
  /** Bytes of prompt in every row; 0. */
  readonly promptBytes?: number;
  /** Whether callers make up models and tags, new ones all the time; true. */
  readonly invented?: boolean;
}

/** What happened in a batch of rows or a step. */
export type { StepResult };

/** Rows of one transaction: from `min` to `max`, drawn anew for each. */
export interface BatchSize {
  readonly min: number;
  readonly max: number;
}

/**
 * A LiteLLM without the proxy: it makes the tables, fills them with entities and writes what traffic writes. Calls
 * must not overlap, but for {@link writeBatch} over a pool. Nothing is remembered in the database: two simulators with equal
 * options know the same world.
 */
export class Simulator {
  readonly database: Database;
  readonly world: World;
  readonly traffic: Traffic;
  readonly clock: Clock;
  readonly #context: StepContext;
  readonly #ledger = new SpendLedger();
  readonly #spendLogs: SpendLogWriter;
  readonly #batches: Random;
  readonly #layoutRandom: Random;

  constructor(connection: Connection, options: SimulatorOptions = {}) {
    const { seed = 1, now, size = worldSizes.small, promptBytes = 0, invented = true } = options;
    this.clock = now === undefined ? wallClock : fixedClock(now);
    const start = this.clock.now();
    const random = new Random(seed);
    // Traffic depends on the start too: request ids of a second run must not be those of the first.
    const run = random.fork(`run at ${start}`);
    this.#layoutRandom = random.fork('layout');
    this.#batches = run.fork('batches');
    this.database = new Database(connection, options.schema ?? 'public');
    this.world = buildWorld(random.fork('world'), size, start);
    const { world, clock } = this;
    this.traffic = new Traffic({ random: run.fork('traffic'), world, clock, promptBytes, invented });
    const tables = tableOptionsOf(options);
    const shapes = tablesOf(tables.shape);
    const layout = new Map(shapes.map((shape) => [shape.name, layOut(shape, tables, this.#layoutRandom)]));
    const writer = new RowWriter(this.database, layout);
    this.#spendLogs = new SpendLogWriter(this.database, writer, this.#ledger, this.world);
    this.#context = {
      database: this.database,
      writer,
      spendLogs: this.#spendLogs,
      traffic: this.traffic,
      world: this.world,
      random: run.fork('steps'),
      clock: this.clock,
      form: formOf(tables, start),
    };
  }

  /** Makes schema and tables in one transaction. @throws Error of PostgreSQL when there are such tables already. */
  async createTables(): Promise<void> {
    const at = { random: this.#layoutRandom, now: this.clock.now() };
    const statements = createTablesStatements(this.database, this.#context.form.tables, at);
    await this.database.transaction(async (session) => {
      for (const statement of statements) await session.query(statement);
    });
  }

  /** Writes all entities in one transaction and returns how many were new. */
  seedWorld(): Promise<number> {
    return seedWorld(this.database, this.#context.writer, this.world);
  }

  /** Fills the spend logs with rows of the past, without the entity spend that goes with them. */
  writeHistory(options: HistoryOptions): Promise<HistoryResult> {
    return writeHistory(this.#context, options);
  }

  /** Writes `count` rows of traffic in transactions of a size drawn from `batch`; returns the rows written. */
  async writeRows(count: number, batch: BatchSize = { min: 1, max: 1_000 }): Promise<number> {
    let left = count;
    let written = 0;
    while (left > 0) {
      const rows = Math.min(left, this.#batches.integer(batch.min, batch.max));
      written += await this.writeBatch(rows);
      left -= rows;
    }
    return written;
  }

  /** Writes rows of traffic in one transaction, with the given columns in place of the drawn ones. */
  writeBatch(count: number, overrides: Partial<SpendLogRow> = {}): Promise<number> {
    return this.#spendLogs.write(this.traffic.rows(count, overrides));
  }

  /** Writes the given rows in one transaction. */
  write(rows: readonly SpendLogRow[]): Promise<number> {
    return this.#spendLogs.write(rows);
  }

  /** Adds what requests have cost since the last flush to the spend of their entities; returns the rows touched. */
  flushSpend(): Promise<number> {
    return flushSpend({ ...this.#context, ledger: this.#ledger });
  }

  /** Does the named step, or one drawn by weight among those that happen by themselves. */
  async step(kind: StepKind = this.drawStep()): Promise<StepResult & { readonly kind: StepKind }> {
    const step: Step = allSteps[kind];
    return { kind, ...(await step.run(this.#context)) };
  }

  /** The name of a step that would happen by itself. */
  drawStep(): StepKind {
    return this.#context.random.weighted(stepKinds.map((kind) => [allSteps[kind].weight, kind] as const));
  }

  /** A batch size between the two bounds, for callers that keep their own pace. */
  drawBatch({ min, max }: BatchSize): number {
    return this.#batches.integer(min, max);
  }
}

function tableOptionsOf(options: SimulatorOptions): TableOptions {
  return {
    shape: options.shape ?? 'current',
    columnOrder: options.columnOrder ?? 'migrated',
    timestamps: options.timestamps ?? 'timestamp',
    partitioned: options.partitioned ?? false,
    partitionDays: options.partitionDays ?? 30,
  };
}

function formOf(tables: TableOptions, now: number): SpendLogForm {
  return {
    tables,
    partitioned: tables.partitioned,
    days: tables.partitioned ? daysAround(now, tables.partitionDays) : [],
  };
}
