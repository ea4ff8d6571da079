import type { SeriesView, StateView } from '@app/aggregates';
import { isUiKey } from '@app/litellm';
import { type GaugeFamily, windowedGauge } from '../family.js';
import type { StateReading } from '../state-reading.js';
import { each, type Steps } from '../steps.js';
import { organizationOfRow, SumsByPair } from './joins.js';
import { ENTITY_LABELS, keyEntityAlias, orNone } from './labels.js';

/** Rows and tokens of one entity and model in the last minute. */
interface Rate {
  readonly labels: readonly string[];
  readonly rows: number;
  readonly tokens: number;
}

/** Who an id belongs to, as the entity labels tell it; undefined where it is not to be shown. */
type EntityLabelsOf = (id: string) => readonly [type: string, id: string, alias: string] | undefined;

/** What arrived in the last minute, by user, team, organization and key. */
export const RATE_FAMILIES: readonly GaugeFamily[] = [
  rateFamily('litellm_current_tpm', 'Tokens', (rate) => rate.tokens),
  rateFamily('litellm_current_rpm', 'Requests', (rate) => rate.rows),
];

function rateFamily(name: string, what: string, amountOf: (rate: Rate) => number): GaugeFamily {
  return windowedGauge({
    name,
    help: `${what} booked in the last minute (by time of commit), by model and user, team, organization or key; not scaled.`,
    labels: ['model', ...ENTITY_LABELS],
    realLabels: ['entity_type'],
    *collect(reading: StateReading, emit) {
      const rates = yield* reading.once(ratesOf);
      yield* each(rates, (rate) => emit(rate.labels, amountOf(rate)));
    },
  });
}

function* ratesOf(view: StateView): Steps<readonly Rate[]> {
  const { entities } = view;
  const rates: Rate[] = [];
  const gather = function* (sums: SumsByPair, labelsOf: EntityLabelsOf): Steps {
    yield* each(sums.all(), ({ outer, inner, sum, rows }) => {
      const labels = labelsOf(outer);
      if (labels !== undefined) rates.push({ labels: [inner, ...labels], rows, tokens: sum });
    });
  };
  // Series of users are theirs alone: there is nothing to be summed.
  yield* each(view.series('rate_by_user'), (series) => {
    const [id, model] = series.key as [string, string];
    const user = entities.get('user', id);
    if (user === undefined) return;
    rates.push({ labels: [model, 'user', id, orNone(user.userAlias)], rows: series.rows, tokens: series.sum(0) });
  });
  const byTeam = yield* sumBy(view, 'rate_by_team', (series) => series.key[0] as string);
  yield* gather(byTeam, (id) => {
    const team = entities.get('team', id);
    return team && ['team', id, orNone(team.teamAlias)];
  });
  const byOrganization = yield* sumBy(view, 'rate_by_team', (series) => organizationOfRow(view, series));
  yield* gather(byOrganization, (id) => {
    const organization = entities.get('organization', id);
    return organization && ['organization', id, orNone(organization.organizationAlias)];
  });
  const byKey = yield* sumBy(
    view,
    'rate_by_key',
    (series) => entities.keyOfToken(series.key[0] as string)?.token ?? '',
  );
  yield* gather(byKey, (token) => {
    const key = entities.get('key', token);
    return key && !isUiKey(key) ? ['key', token, keyEntityAlias(key)] : undefined;
  });
  return rates;
}

function* sumBy(
  view: StateView,
  kind: 'rate_by_team' | 'rate_by_key',
  ownerOf: (series: SeriesView) => string,
): Steps<SumsByPair> {
  const sums = new SumsByPair();
  yield* each(view.series(kind), (series) => {
    const owner = ownerOf(series);
    const model = series.key.at(-1) as string;
    if (owner !== '') sums.add([owner, model], series.sum(0), series.rows);
  });
  return sums;
}
