import { type GaugeFamily, gauge } from '../family.js';
import { each } from '../steps.js';
import { type BudgetHolder, budgetHolders } from './budget-holders.js';
import { ENTITY_LABELS } from './labels.js';

const NOT_COUNTED_IN =
  'Budgets that LiteLLM applies only in memory or Redis (default tiers, budget_limits windows, per-model budgets, ' +
  'temporary increases) are not counted in.';

/** Budgets of users, teams, organizations, keys, end users, team members, projects and tags (METRICS.md section 3). */
export const BUDGET_FAMILIES: readonly GaugeFamily[] = [
  budgetFamily({
    name: 'litellm_max_budget',
    help: `Budget in USD; no series without one, and 0 is a budget. ${NOT_COUNTED_IN}`,
    kept: true,
    value: ({ maxBudget }) => maxBudget,
  }),
  budgetFamily({
    name: 'litellm_soft_budget',
    help: `Budget in USD that only warns; no series without one. ${NOT_COUNTED_IN}`,
    kept: true,
    value: ({ softBudget }) => softBudget,
  }),
  budgetFamily({
    name: 'litellm_budget_utilization',
    help: `Spend since the last reset in percent of the budget; 100 where the budget is 0. ${NOT_COUNTED_IN}`,
    kept: true,
    value: ({ maxBudget, spend }) => (maxBudget === null ? null : utilization(spend, maxBudget)),
  }),
  budgetFamily({
    name: 'litellm_budget_reset_time',
    help: `Seconds until the budget is reset, 0 when that time has passed. See litellm_budget_reset_timestamp_seconds.`,
    kept: true,
    value: ({ maxBudget, resetAt }, clock) =>
      maxBudget === null || resetAt === null ? null : Math.max(0, (resetAt - clock) / 1000),
  }),
  budgetFamily({
    name: 'litellm_budget_spend',
    help: `Spend in USD since the last reset, where there is a budget. It falls to 0 at a reset, so not for rate(). ${NOT_COUNTED_IN}`,
    kept: false,
    value: ({ maxBudget, spend }) => (maxBudget === null ? null : spend),
  }),
  budgetFamily({
    name: 'litellm_budget_reset_timestamp_seconds',
    help: 'Unix time at which the budget is reset next, where there is a budget.',
    kept: false,
    value: ({ maxBudget, resetAt }) => (maxBudget === null || resetAt === null ? null : resetAt / 1000),
  }),
];

function utilization(spend: number, maxBudget: number): number {
  return maxBudget === 0 ? 100 : (100 * spend) / maxBudget;
}

interface BudgetFamily {
  readonly name: string;
  readonly help: string;
  readonly kept: boolean;
  /** Null where the holder has no series; `clock` is the state's now. */
  readonly value: (holder: BudgetHolder, clock: number) => number | null;
}

function budgetFamily({ name, help, kept, value }: BudgetFamily): GaugeFamily {
  return gauge({
    name,
    help,
    kept,
    labels: ENTITY_LABELS,
    *collect(reading, emit) {
      const holders = yield* reading.once(budgetHolders);
      yield* each(holders, (holder) => {
        const amount = value(holder, reading.view.clock);
        if (amount !== null) emit(holder.labels, amount);
      });
    },
  });
}
