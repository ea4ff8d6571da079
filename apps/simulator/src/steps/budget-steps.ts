import { drawBudget, drawLimits, nextReset } from '../world/limits.js';
import { did, type Step, type StepContext, shown, withOne } from './step.js';

/** The tables with budget columns of their own, and what names a row. */
type Owner = readonly [table: string, key: Readonly<Record<string, string>>, row: OwnBudget];

interface OwnBudget {
  spend?: number;
  max_budget: number | null;
  budget_duration: string | null;
  budget_reset_at: number | null;
  max_parallel_requests: number | null;
  tpm_limit: number | null;
  rpm_limit: number | null;
}

function owners({ world }: StepContext): Owner[] {
  return [
    ...world.keys.map((row): Owner => ['LiteLLM_VerificationToken', { token: row.token }, row]),
    ...world.teams.map((row): Owner => ['LiteLLM_TeamTable', { team_id: row.team_id }, row]),
    ...world.users.map((row): Owner => ['LiteLLM_UserTable', { user_id: row.user_id }, row]),
  ];
}

function budgetRows({ world }: StepContext): Owner[] {
  return world.budgets.map((row): Owner => ['LiteLLM_BudgetTable', { budget_id: row.budget_id }, row]);
}

const called = ([table, key]: Owner): string => `${table} ${shown(Object.values(key)[0] as string)}`;

/** Spend goes back to 0 and the next reset is set: a gauge that drops. */
async function reset(context: StepContext, owner: Owner): Promise<string> {
  const [table, key, row] = owner;
  const budget_reset_at = nextReset(row.budget_duration, context.clock.now());
  await context.writer.update(context.database, table, key, { spend: 0, budget_reset_at });
  row.budget_reset_at = budget_reset_at;
  return `spend of ${called(owner)} reset`;
}

/** The budget row moves on, and the spend of everything that hangs on it goes to 0. */
async function resetTier(context: StepContext, owner: Owner): Promise<string> {
  const [table, key, row] = owner;
  const budget_reset_at = nextReset(row.budget_duration ?? '1h', context.clock.now());
  const { writer, database } = context;
  await writer.update(database, table, key, { budget_reset_at });
  row.budget_reset_at = budget_reset_at;
  for (const dependent of ['TeamMembership', 'EndUserTable', 'OrganizationTable', 'TagTable', 'ProjectTable']) {
    await writer.update(database, `LiteLLM_${dependent}`, key, { spend: 0 });
  }
  await database.query(
    `UPDATE ${database.table('LiteLLM_VerificationToken')} SET spend = 0 WHERE budget_id = $1 AND budget_duration IS NULL`,
    [key.budget_id],
  );
  return `everything on ${called(owner)} reset`;
}

/** The master key zeroes all keys and all teams, in one statement each. */
async function resetAll({ database }: StepContext): Promise<string> {
  await database.query(`UPDATE ${database.table('LiteLLM_VerificationToken')} SET spend = 0`);
  await database.query(`UPDATE ${database.table('LiteLLM_TeamTable')} SET spend = 0`);
  return 'spend of all keys and teams reset';
}

async function change(context: StepContext, owner: Owner): Promise<string> {
  const [table, key, row] = owner;
  const { random, clock, writer, database } = context;
  const changes = random.chance(0.6) ? drawBudget(random, clock.now(), 0.7) : drawLimits(random);
  await writer.update(database, table, key, changes);
  Object.assign(row, changes);
  return `${called(owner)} now has ${JSON.stringify(changes)}`;
}

/** A key, an end user or a place in a team is put on another tier, or on none. */
async function assign(context: StepContext): Promise<string> {
  const { random, world, writer, database } = context;
  const budget_id = world.budgets.length === 0 || random.chance(0.25) ? null : random.pick(world.budgets).budget_id;
  const choices: readonly (readonly [string, { budget_id: string | null }, object])[] = [
    ...world.keys.map((row) => ['LiteLLM_VerificationToken', row, { token: row.token }] as const),
    ...world.endUsers.map((row) => ['LiteLLM_EndUserTable', row, { user_id: row.user_id }] as const),
    ...world.tags.map((row) => ['LiteLLM_TagTable', row, { tag_name: row.tag_name }] as const),
    ...world.memberships.map(
      (row) => ['LiteLLM_TeamMembership', row, { user_id: row.user_id, team_id: row.team_id }] as const,
    ),
  ];
  if (choices.length === 0) return 'nothing there to put on a tier';
  const [table, row, key] = random.pick(choices);
  await writer.update(database, table, key, { budget_id });
  row.budget_id = budget_id;
  return `${table} ${shown(Object.values(key)[0] as string)} put on budget ${shown(budget_id)}`;
}

/** What happens to budgets and limits. */
export const budgetSteps = {
  resetBudget: { weight: 4, run: (context) => withOne(context, owners(context), (owner) => reset(context, owner)) },
  resetTier: {
    weight: 1,
    run: (context) => withOne(context, budgetRows(context), (owner) => resetTier(context, owner)),
  },
  resetAllSpend: { weight: 0.2, run: async (context) => did(await resetAll(context)) },
  changeBudget: {
    weight: 3,
    run: (context) =>
      withOne(context, context.random.chance(0.7) ? owners(context) : budgetRows(context), (owner) =>
        change(context, owner),
      ),
  },
  assignBudget: { weight: 2, run: async (context) => did(await assign(context)) },
} satisfies Record<string, Step>;
