import type { StateView } from '@app/aggregates';
import { isUiKey } from '@app/litellm';
import { type GaugeFamily, gauge } from '../family.js';
import { each, type Steps } from '../steps.js';
import { ENTITY_LABELS, isGiven, keyEntityAlias, orNone } from './labels.js';

/** Models that may be used, and that are known. */
export const MODEL_FAMILIES: readonly GaugeFamily[] = [
  gauge({
    name: 'litellm_available_models',
    help:
      'Distinct models that the user, team, organization, or key with a list of its own may use. Without a list these ' +
      'are all models of the database and all model groups with requests over METRICS_SPEND_WINDOW.',
    labels: ENTITY_LABELS,
    kept: true,
    settings: ['METRICS_SPEND_WINDOW'],
    *collect(reading, emit) {
      const { entities } = reading.view;
      const all = yield* reading.once(proxyModels);
      yield* each(entities.all('user'), ({ userId, userAlias, models }) =>
        emit(['user', userId, orNone(userAlias)], availableModels(models, all)),
      );
      yield* each(entities.all('team'), ({ teamId, teamAlias, models }) =>
        emit(['team', teamId, orNone(teamAlias)], availableModels(models, all)),
      );
      yield* each(entities.all('organization'), ({ organizationId, organizationAlias, models }) =>
        emit(['organization', organizationId, orNone(organizationAlias)], availableModels(models, all)),
      );
      yield* each(entities.restrictedKeys(), (key) => {
        if (key.models.length === 0 || isUiKey(key)) return;
        const team = entities.get('team', key.teamId);
        const ofTeam = team === undefined ? all : availableModels(team.models, all);
        emit(['key', key.token, keyEntityAlias(key)], availableModels(key.models, all, ofTeam));
      });
    },
  }),
  gauge({
    name: 'litellm_model_info',
    help:
      '1 for each known model. source="db": models added through UI or API; source="traffic": models of successful ' +
      'requests over METRICS_SPEND_WINDOW, which include those of the config file.',
    labels: ['model_id', 'model_name', 'model', 'provider', 'base_model', 'mode', 'source'],
    kept: true,
    settings: ['METRICS_SPEND_WINDOW'],
    *collect({ view }, emit) {
      yield* each(view.entities.all('model'), ({ modelId, modelName, baseModel, mode }) =>
        emit([modelId, modelName, '', '', baseModel, mode, 'db'], 1),
      );
      yield* each(view.series('traffic_model'), (series) => {
        const [modelId, group, model, provider] = series.key as [string, string, string, string];
        emit([modelId, group, model, provider, '', '', 'traffic'], 1);
      });
    },
  }),
];

/**
 * How many models a list allows. Special names win, in this order; `ofTeam` is what `all-team-models` stands for,
 * which without a team is everything.
 */
export function availableModels(models: readonly string[], all: number, ofTeam = all): number {
  if (models.includes('no-default-models')) return 0;
  if (models.includes('all-team-models')) return ofTeam;
  if (models.length === 0 || models.includes('all-proxy-models')) return all;
  return new Set(models.filter(isGiven)).size;
}

/** How many models the proxy has: those of the database, and groups in traffic, which config-file models show in. */
function* proxyModels(view: StateView): Steps<number> {
  const names = new Set<string>();
  yield* each(view.entities.all('model'), ({ modelName }) => {
    if (isGiven(modelName)) names.add(modelName);
  });
  yield* each(view.series('model_group'), (series) => names.add(series.key[0] as string));
  return names.size;
}
