import type { SeriesView, StateView } from '@app/aggregates';
import { isUiKey } from '@app/litellm';
import { type EmitValue, type GaugeFamily, windowedGauge } from '../family.js';
import type { StateReading } from '../state-reading.js';
import { each, type Steps } from '../steps.js';
import { organizationOfRow, SumsByPair } from './joins.js';
import { ENTITY_LABELS, keyEntityAlias, orNone } from './labels.js';

/** Which of the two a family shows. */
type AmountOf = (rows: number, tokens: number) => number;

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
  rateFamily('litellm_current_tpm', 'Tokens', (_, tokens) => tokens),
  rateFamily('litellm_current_rpm', 'Requests', (rows) => rows),
];

function rateFamily(name: string, what: string, amountOf: AmountOf): GaugeFamily {
  return windowedGauge({
    name,
    help: `${what} booked in the last minute (by time of commit), by model and user, team, organization or key; not scaled.`,
    labels: ['model', ...ENTITY_LABELS],
    realLabels: ['entity_type'],
    *collect(reading: StateReading, emit) {
      yield* collectUsers(reading.view, emit, amountOf);
      const rates = yield* reading.once(ratesOf);
      yield* each(rates, ({ labels, rows, tokens }) => emit(labels, amountOf(rows, tokens)));
    },
  });
}

/** Series of users are theirs alone: there is nothing to be summed. */
function collectUsers(view: StateView, emit: EmitValue, amountOf: AmountOf): Steps {
  const labels = ['', 'user', '', ''];
  return each(view.series('rate_by_user'), (series) => {
    const [id, model] = series.key as [string, string];
    const user = view.entities.get('user', id);
    if (user === undefined) return;
    labels[0] = model;
    labels[2] = id;
    labels[3] = orNone(user.userAlias);
    emit(labels, amountOf(series.rows, series.sum(0)));
  });
}

/** The rates of all but users. */
function* ratesOf(view: StateView): Steps<readonly Rate[]> {
  const { entities } = view;
  const rates: Rate[] = [];
  const gather = function* (sums: SumsByPair, labelsOf: EntityLabelsOf): Steps {
    yield* each(sums.all(), ({ outer, inner, sum, rows }) => {
      const labels = labelsOf(outer);
      if (labels !== undefined) rates.push({ labels: [inner, ...labels], rows, tokens: sum });
    });
  };
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
