import type { SpendLogRow } from '../traffic/spend-log-row.js';
import { did, type Step, type StepContext, type StepResult } from './step.js';

/** Thrown to end a transaction that is meant to be undone. */
class Undo extends Error {}

/** A lost connection or a failed statement: the rows were written and never committed. */
async function rollBack({ database, spendLogs, traffic }: StepContext): Promise<string> {
  const rows = traffic.rows(20);
  await database
    .transaction(async (session) => {
      await spendLogs.insert(session, rows);
      throw new Undo();
    })
    .catch((error: unknown) => {
      if (!(error instanceof Undo)) throw error;
    });
  return `${rows.length} rows rolled back`;
}

/** A part of a transaction is undone: only the rest of it happened. */
async function savepoint(context: StepContext): Promise<StepResult> {
  const { database, spendLogs, traffic } = context;
  const [kept, undone, later] = [traffic.rows(5), traffic.rows(5), traffic.rows(5)];
  await database.transaction(async (session) => {
    await spendLogs.insert(session, kept);
    await session.query('SAVEPOINT part');
    await spendLogs.insert(session, undone);
    await session.query('ROLLBACK TO SAVEPOINT part');
    await spendLogs.insert(session, later);
  });
  return noted(context, [...kept, ...later], 'rows committed, 5 undone at a savepoint');
}

/** One transaction begins before another and commits after it: positions of rows and of commits then differ in order. */
async function interleave(context: StepContext): Promise<StepResult> {
  const { database, spendLogs, traffic } = context;
  const [first, inner, last] = [traffic.rows(10), traffic.rows(10), traffic.rows(10)];
  await database.transaction(async (session) => {
    await spendLogs.insert(session, first);
    if (database.concurrent) await database.transaction((other) => spendLogs.insert(other, inner));
    else await spendLogs.insert(session, inner);
    await spendLogs.insert(session, last);
  });
  return noted(context, [...first, ...inner, ...last], 'rows in two transactions, one within the other');
}

function noted(context: StepContext, rows: readonly SpendLogRow[], what: string): StepResult {
  context.spendLogs.note(rows);
  return { summary: `${rows.length} ${what}`, rows: rows.length };
}

/** What transactions do beside committing one after another. */
export const transactionSteps = {
  rolledBackRows: { weight: 1, run: async (context) => did(await rollBack(context)) },
  savepointRows: { weight: 1, run: savepoint },
  interleavedTransactions: { weight: 1, run: interleave },
} satisfies Record<string, Step>;
