import type { StateView } from '@app/aggregates';
import { isUiKey, type Limits } from '@app/litellm';
import { type GaugeFamily, gauge } from '../family.js';
import { each, type Steps } from '../steps.js';
import { ENTITY_LABELS, keyEntityAlias, orNone } from './labels.js';

/** The limits in force for one entity; null means no limit. */
interface LimitedEntity {
  readonly labels: readonly string[];
  readonly limits: Limits;
}

/** Limits as configured: of user, team and key their own, of organization and end user those of their budget row. */
export const LIMIT_FAMILIES: readonly GaugeFamily[] = [
  limitFamily(
    'litellm_parallel_requests',
    'Configured limit of parallel requests (max_parallel_requests). It is not how many are in flight: that is not in the database.',
    'maxParallelRequests',
  ),
  limitFamily('litellm_tpm_limit', 'Configured limit of tokens per minute.', 'tpmLimit'),
  limitFamily('litellm_rpm_limit', 'Configured limit of requests per minute.', 'rpmLimit'),
];

function limitFamily(name: string, help: string, limit: keyof Limits): GaugeFamily {
  return gauge({
    name,
    help: `${help} No series without a limit; 0 is a limit. Temporary and in-memory limits are not counted in.`,
    labels: ENTITY_LABELS,
    kept: true,
    *collect(reading, emit) {
      const entities = yield* reading.once(limitedEntities);
      yield* each(entities, ({ labels, limits }) => {
        const value = limits[limit];
        if (value !== null) emit(labels, value);
      });
    },
  });
}

function* limitedEntities(view: StateView): Steps<readonly LimitedEntity[]> {
  const { entities } = view;
  const limited: LimitedEntity[] = [];
  const budgetOf = (budgetId: string): Limits | undefined =>
    budgetId === '' ? undefined : entities.get('budget', budgetId);
  yield* each(entities.all('user'), (user) => {
    limited.push({ labels: ['user', user.userId, orNone(user.userAlias)], limits: user });
  });
  yield* each(entities.all('team'), (team) => {
    limited.push({ labels: ['team', team.teamId, orNone(team.teamAlias)], limits: team });
  });
  yield* each(entities.all('organization'), ({ organizationId, organizationAlias, budgetId }) => {
    const limits = budgetOf(budgetId);
    if (limits === undefined) return;
    limited.push({ labels: ['organization', organizationId, orNone(organizationAlias)], limits });
  });
  yield* each(entities.restrictedKeys(), (key) => {
    if (isUiKey(key)) return;
    limited.push({ labels: ['key', key.token, keyEntityAlias(key)], limits: ownElse(key, budgetOf(key.budgetId)) });
  });
  yield* each(entities.all('end_user'), ({ userId, alias, budgetId }) => {
    const limits = budgetOf(budgetId);
    if (limits !== undefined) limited.push({ labels: ['end_user', userId, orNone(alias)], limits });
  });
  return limited;
}

/** Each limit of the key itself, else that of its budget row. */
function ownElse(own: Limits, budget: Limits | undefined): Limits {
  if (budget === undefined) return own;
  return {
    maxParallelRequests: own.maxParallelRequests ?? budget.maxParallelRequests,
    tpmLimit: own.tpmLimit ?? budget.tpmLimit,
    rpmLimit: own.rpmLimit ?? budget.rpmLimit,
  };
}
