import { keyLabels, type SeriesView, type StateView } from '@app/aggregates';
import { type GaugeFamily, windowedGauge } from '../family.js';
import { each, type Steps } from '../steps.js';
import { organizationOfRow, SumsByPair } from './joins.js';
import { KEY_LABELS, orNone } from './labels.js';

const SPEND_WINDOW = ['METRICS_SPEND_WINDOW'];
const WINDOW_HELP = 'over METRICS_SPEND_WINDOW; a gauge that falls when rows leave the window, so not for rate()';

/** Spend in a window, by what caused it. */
export const SPEND_FAMILIES: readonly GaugeFamily[] = [
  windowedGauge({
    name: 'litellm_total_spend',
    help: `Spend in USD by model ${WINDOW_HELP}. See litellm_spend_usd_total.`,
    labels: ['model'],
    settings: SPEND_WINDOW,
    collect: ({ view }, emit) => each(view.series('spend_by_model'), (series) => emit(series.key, series.sum(0))),
  }),
  windowedGauge({
    name: 'litellm_user_spend',
    help: `Spend in USD by internal user and model ${WINDOW_HELP}.`,
    labels: ['user_id', 'user_alias', 'model'],
    settings: SPEND_WINDOW,
    collect: ({ view }, emit) => {
      const labels = ['', '', ''];
      return each(view.series('spend_by_user'), (series) => {
        const [id, model] = series.key as [string, string];
        const user = view.entities.get('user', id);
        if (user === undefined) return;
        labels[0] = id;
        labels[1] = orNone(user.userAlias);
        labels[2] = model;
        emit(labels, series.sum(0));
      });
    },
  }),
  windowedGauge({
    name: 'litellm_team_spend',
    help: `Spend in USD by team and model ${WINDOW_HELP}. See litellm_team_spend_usd_total.`,
    labels: ['team_id', 'team_alias', 'model'],
    settings: SPEND_WINDOW,
    *collect({ view }, emit) {
      const sums = yield* spendBy(view, (series) => series.key[0] as string);
      const labels = ['', '', ''];
      yield* each(sums.all(), ({ outer, inner, sum }) => {
        const team = view.entities.get('team', outer);
        if (team === undefined) return;
        labels[0] = outer;
        labels[1] = orNone(team.teamAlias);
        labels[2] = inner;
        emit(labels, sum);
      });
    },
  }),
  windowedGauge({
    name: 'litellm_org_spend',
    help: `Spend in USD by organization (the row's own, else its team's) and model ${WINDOW_HELP}.`,
    labels: ['organization_id', 'organization_alias', 'model'],
    needs: ['organization'],
    settings: SPEND_WINDOW,
    *collect({ view }, emit) {
      const sums = yield* spendBy(view, (series) => organizationOfRow(view, series));
      yield* each(sums.all(), ({ outer, inner, sum }) => {
        const organization = view.entities.get('organization', outer);
        if (organization !== undefined) emit([outer, orNone(organization.organizationAlias), inner], sum);
      });
    },
  }),
  windowedGauge({
    name: 'litellm_tag_spend',
    help: `Spend in USD of rows that bear the tag ${WINDOW_HELP}. A row counts for each of its tags.`,
    labels: ['tag'],
    settings: [...SPEND_WINDOW, 'METRICS_TAG_EXCLUDE'],
    collect: ({ view }, emit) => each(view.series('spend_by_tag'), (series) => emit(series.key, series.sum(0))),
  }),
  windowedGauge({
    name: 'litellm_key_spend',
    help:
      'Spend in USD by key over 30 days, summed over keys of the same name and alias; rows of unknown keys stand under ' +
      'none/none. A gauge that falls when rows leave the window, so not for rate(). See litellm_key_spend_usd_total.',
    labels: KEY_LABELS,
    *collect({ view }, emit) {
      const sums = new SumsByPair();
      yield* each(view.series('spend_by_key'), (series) => {
        sums.add(keyLabels(view.entities.keyOfToken(series.key[0] as string)), series.sum(0));
      });
      yield* each(sums.all(), ({ outer, inner, sum }) => emit([outer, inner], sum));
    },
  }),
];

/** Spend by what a row is told to belong to, and model; '' belongs to nothing. */
function* spendBy(view: StateView, ownerOf: (series: SeriesView) => string): Steps<SumsByPair> {
  const sums = new SumsByPair();
  yield* each(view.series('spend_by_team'), (series) => {
    const owner = ownerOf(series);
    if (owner !== '') sums.add([owner, series.key[2] as string], series.sum(0));
  });
  return sums;
}
