import type { StateView } from '@app/aggregates';
import { type BudgetEntity, isUiKey } from '@app/litellm';
import { each, type Steps } from '../steps.js';
import { keyEntityAlias, orNone, teamMemberId } from './labels.js';

/** What an entity may spend, and has: METRICS.md section 3, one row. */
export interface BudgetHolder {
  /** Entity labels. */
  readonly labels: readonly [type: string, id: string, alias: string];
  /** Null means no limit; 0 is one. */
  readonly maxBudget: number | null;
  readonly softBudget: number | null;
  readonly spend: number;
  /** Time of the next reset in milliseconds since the Unix epoch. */
  readonly resetAt: number | null;
}

/** Everything that has a budget, a soft one or a row of them. */
export function* budgetHolders(view: StateView): Steps<readonly BudgetHolder[]> {
  const holders: BudgetHolder[] = [];
  const add = (holder: BudgetHolder): void => {
    if (holder.maxBudget !== null || holder.softBudget !== null) holders.push(holder);
  };
  yield* ownBudgets(view, add);
  yield* keyBudgets(view, add);
  yield* budgetsByRow(view, add);
  yield* memberBudgets(view, add);
  return holders;
}

type Add = (holder: BudgetHolder) => void;

/** Users and teams keep their budgets themselves. */
function* ownBudgets({ entities }: StateView, add: Add): Steps {
  yield* each(entities.all('user'), ({ userId, userAlias, maxBudget, spend, budgetResetAt }) =>
    add({ labels: ['user', userId, orNone(userAlias)], maxBudget, softBudget: null, spend, resetAt: budgetResetAt }),
  );
  yield* each(entities.all('team'), ({ teamId, teamAlias, maxBudget, softBudget, spend, budgetResetAt }) =>
    add({ labels: ['team', teamId, orNone(teamAlias)], maxBudget, softBudget, spend, resetAt: budgetResetAt }),
  );
}

/** A key's own budget wins over its budget row, column by column; its soft budget is always in the row. */
function* keyBudgets(view: StateView, add: Add): Steps {
  yield* each(view.entities.restrictedKeys(), (key) => {
    if (isUiKey(key)) return;
    const row = budgetRow(view, key.budgetId);
    add({
      labels: ['key', key.token, keyEntityAlias(key)],
      maxBudget: key.maxBudget ?? row?.maxBudget ?? null,
      softBudget: row?.softBudget ?? null,
      spend: key.spend,
      resetAt: key.budgetResetAt ?? row?.budgetResetAt ?? null,
    });
  });
}

/** Organizations, end users, projects and tags have a budget row and nothing of their own. */
function* budgetsByRow(view: StateView, add: Add): Steps {
  const { entities } = view;
  const addByRow = (labels: BudgetHolder['labels'], spend: number, budgetId: string): void => {
    const row = budgetRow(view, budgetId);
    if (row !== undefined) add({ labels, spend, ...ofRow(row) });
  };
  yield* each(entities.all('organization'), ({ organizationId, organizationAlias, spend, budgetId }) =>
    addByRow(['organization', organizationId, orNone(organizationAlias)], spend, budgetId),
  );
  yield* each(entities.all('end_user'), ({ userId, alias, spend, budgetId }) =>
    addByRow(['end_user', userId, orNone(alias)], spend, budgetId),
  );
  yield* each(entities.all('project'), ({ projectId, projectAlias, spend, budgetId }) =>
    addByRow(['project', projectId, orNone(projectAlias)], spend, budgetId),
  );
  yield* each(entities.all('tag'), ({ tagName, spend, budgetId }) =>
    addByRow(['tag', tagName, orNone(tagName)], spend, budgetId),
  );
}

function* memberBudgets(view: StateView, add: Add): Steps {
  const { entities } = view;
  yield* each(entities.all('team_member'), ({ teamId, userId, spend, budgetId }) => {
    const row = budgetRow(view, budgetId);
    if (row === undefined) return;
    const team = orNone(entities.get('team', teamId)?.teamAlias ?? '');
    const user = orNone(entities.get('user', userId)?.userAlias ?? '');
    add({ labels: ['team_member', teamMemberId(teamId, userId), `${team}/${user}`], spend, ...ofRow(row) });
  });
}

/** The budget row of an id; undefined for '' and for one that does not exist. */
export function budgetRow(view: StateView, budgetId: string): BudgetEntity | undefined {
  return budgetId === '' ? undefined : view.entities.get('budget', budgetId);
}

function ofRow(row: BudgetEntity): Pick<BudgetHolder, 'maxBudget' | 'softBudget' | 'resetAt'> {
  return { maxBudget: row.maxBudget, softBudget: row.softBudget, resetAt: row.budgetResetAt };
}
