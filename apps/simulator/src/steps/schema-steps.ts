import { identifier } from '../database.js';
import { createIndexes, SPEND_LOGS, tablesOf } from '../schema/create-tables.js';
import { createPartition, daysAround, partitionName } from '../schema/partitions.js';
import type { TableShape } from '../schema/table-shape.js';
import { did, type Step, type StepContext, type StepResult } from './step.js';

const DAY = 86_400_000;

function spendLogsShape({ form }: StepContext): TableShape {
  return tablesOf(form.tables.shape).find(({ name }) => name === SPEND_LOGS) as TableShape;
}

/** An upgrade in mid-stream: the next row comes with another relation message. */
async function addColumn({ database, random }: StepContext): Promise<string> {
  const table = random.pick([SPEND_LOGS, SPEND_LOGS, 'LiteLLM_VerificationToken', 'LiteLLM_TeamTable']);
  const column = `added_${random.hex(6)}`;
  const definition = random.pick([
    'text',
    "text DEFAULT 'constant'",
    "jsonb NOT NULL DEFAULT '{}'",
    'double precision',
  ]);
  await database.query(`ALTER TABLE ${database.table(table)} ADD COLUMN ${identifier(column)} ${definition}`);
  return `${table} has a new column ${column}`;
}

/** An index of the spend logs is dropped and made anew, as migrations do. */
async function rebuildIndex(context: StepContext): Promise<string> {
  const { database, random } = context;
  const shape = spendLogsShape(context);
  const position = random.integer(0, shape.indexes.length - 1);
  const name = `${shape.name}_${(shape.indexes[position] ?? []).join('_')}_idx`;
  await database.query(`DROP INDEX IF EXISTS ${database.table(name)}`);
  await database.query(createIndexes(database, shape)[position] as string);
  return `index ${name} made anew`;
}

async function addPartition({ database, form }: StepContext): Promise<string> {
  const last = form.days[form.days.length - 1];
  if (!form.partitioned || last === undefined) return 'no partitions to add to';
  await database.query(createPartition(database, last + DAY));
  form.days.push(last + DAY);
  return `partition ${partitionName(last + DAY)} added`;
}

/** Retention by partition: rows go without a row event. */
async function dropPartition({ database, form }: StepContext): Promise<string> {
  // Today's and the coming ones stay: LiteLLM drops only what is past its retention.
  if (!form.partitioned || form.days.length <= 9) return 'no partition old enough to drop';
  const day = form.days.shift() as number;
  await database.query(`DROP TABLE ${database.table(partitionName(day))}`);
  return `partition ${partitionName(day)} dropped`;
}

/**
 * The run book: the table is renamed with its indexes, a partitioned one takes its name, and history is copied into
 * it. What was published by the old table's identity is not published any more.
 */
async function convert(context: StepContext): Promise<StepResult> {
  const { database, form, clock } = context;
  if (form.partitioned) return did('the spend logs are partitioned already');
  const shape = spendLogsShape(context);
  const days = daysAround(clock.now(), form.tables.partitionDays);
  const [live, legacy] = [database.table(SPEND_LOGS), database.table(`${SPEND_LOGS}_legacy`)];
  const copied = await database.transaction(async (session) => {
    await session.query(`ALTER TABLE ${live} RENAME TO "${SPEND_LOGS}_legacy"`);
    for (const name of [
      `${SPEND_LOGS}_pkey`,
      ...shape.indexes.map((columns) => `${SPEND_LOGS}_${columns.join('_')}_idx`),
    ]) {
      await session.query(
        `ALTER INDEX IF EXISTS ${database.table(name)} RENAME TO ${identifier(`legacy_${name}`.slice(0, 63))}`,
      );
    }
    await session.query(
      `CREATE TABLE ${live} (LIKE ${legacy} INCLUDING DEFAULTS, CONSTRAINT "${SPEND_LOGS}_pkey" PRIMARY KEY (request_id, "startTime"))
       PARTITION BY RANGE ("startTime")`,
    );
    for (const day of ['default' as const, ...days]) await session.query(createPartition(database, day));
    for (const statement of createIndexes(database, shape)) await session.query(statement);
    return (await session.query(`INSERT INTO ${live} SELECT * FROM ${legacy}`)).rowCount ?? 0;
  });
  form.partitioned = true;
  form.days = days;
  return { summary: `spend logs converted to partitions, ${copied} rows copied`, rows: copied };
}

/** What happens to the tables themselves; most of it only when asked for. */
export const schemaSteps = {
  addColumn: { weight: 0.3, run: async (context) => did(await addColumn(context)) },
  rebuildIndex: { weight: 0, run: async (context) => did(await rebuildIndex(context)) },
  addPartition: { weight: 0.3, run: async (context) => did(await addPartition(context)) },
  dropPartition: { weight: 0.3, run: async (context) => did(await dropPartition(context)) },
  convertToPartitions: { weight: 0, run: convert },
  truncateSpendLogs: {
    weight: 0,
    run: async ({ database }) => {
      await database.query(`TRUNCATE ${database.table(SPEND_LOGS)}`);
      return did('spend logs truncated');
    },
  },
  /** End users are known by what they spent, so nobody misses them. */
  truncateEndUsers: {
    weight: 0,
    run: async ({ database, world }) => {
      await database.query(`TRUNCATE ${database.table('LiteLLM_EndUserTable')}`);
      world.endUsers.length = 0;
      return did('end users truncated');
    },
  },
} satisfies Record<string, Step>;
