import { budgetSteps } from './budget-steps.js';
import { keySteps } from './key-steps.js';
import { modelSteps } from './model-steps.js';
import { peopleSteps } from './people-steps.js';
import { schemaSteps } from './schema-steps.js';
import { spendLogSteps } from './spend-log-steps.js';
import type { Step } from './step.js';
import { teamSteps } from './team-steps.js';
import { transactionSteps } from './transaction-steps.js';

/** Everything that can happen, by name. */
export const allSteps = {
  ...keySteps,
  ...teamSteps,
  ...peopleSteps,
  ...budgetSteps,
  ...modelSteps,
  ...spendLogSteps,
  ...transactionSteps,
  ...schemaSteps,
} satisfies Record<string, Step>;

/** The name of a step. */
export type StepKind = keyof typeof allSteps;

/** The names of all steps. */
export const stepKinds = Object.keys(allSteps) as StepKind[];
