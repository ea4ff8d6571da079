import type { Clock } from '../clock.js';
import type { Database } from '../database.js';
import type { Random } from '../random.js';
import type { TableOptions } from '../schema/create-tables.js';
import type { Traffic } from '../traffic/traffic.js';
import type { Draw } from '../world/make-rows.js';
import type { World } from '../world/world.js';
import type { RowWriter } from '../writer/insert.js';
import type { SpendLogWriter } from '../writer/spend-log-writer.js';

/** What a step works on. */
export interface StepContext {
  readonly database: Database;
  readonly writer: RowWriter;
  readonly spendLogs: SpendLogWriter;
  readonly traffic: Traffic;
  readonly world: World;
  readonly random: Random;
  readonly clock: Clock;
  readonly form: SpendLogForm;
}

/** How the spend logs lie on disk at the moment; steps change it. */
export interface SpendLogForm {
  readonly tables: TableOptions;
  partitioned: boolean;
  /** Beginnings of the days that have a partition, in order. */
  days: number[];
}

/** What a step did. */
export interface StepResult {
  /** One sentence, for a log or a failing test. */
  readonly summary: string;
  /** Spend-log rows that were committed; those that exist already or were rolled back are not among them. */
  readonly rows: number;
}

/** Something that happens in a LiteLLM database. */
export interface Step {
  /** Its share among the steps that happen by themselves; 0 for those that only happen when asked for. */
  readonly weight: number;
  readonly run: (context: StepContext) => Promise<StepResult>;
}

/** A step's result without spend-log rows. */
export function did(summary: string): StepResult {
  return { summary, rows: 0 };
}

/** Runs the work on one of the items, or says that there is none. */
export async function withOne<T>(
  context: StepContext,
  items: readonly T[],
  work: (item: T) => Promise<string>,
): Promise<StepResult> {
  return items.length === 0 ? did('nothing there to change') : did(await work(context.random.pick(items)));
}

/** What makers of new rows draw from, now. */
export function drawOf({ random, clock, world }: StepContext): Draw {
  return { random, world, now: clock.now() };
}

/** A name for messages: short, on one line. */
export function shown(name: string | null): string {
  return name === null ? 'NULL' : JSON.stringify(name.length > 24 ? `${name.slice(0, 24)}…` : name);
}
