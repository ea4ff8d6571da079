import type { CounterKind } from '@app/aggregates';
import type { CounterFamily } from '../family.js';
import type { StateReading } from '../state-reading.js';
import { each, type Steps } from '../steps.js';
import { knownModels } from './known-models.js';
import { joined, orNone } from './labels.js';

/** Label sets that are shown at 0 before the first row. */
type KnownLabels = (reading: StateReading) => Steps<Iterable<readonly string[]>>;

/** What `rate()` and `increase()` are for: true counters that only grow. */
export const COUNTER_FAMILIES: readonly CounterFamily[] = [
  counterFamily('spend_usd', {
    name: 'litellm_spend_usd_total',
    help: 'Spend in USD by model; a negative spend adds nothing.',
    labels: ['model'],
    known: everyModel([]),
  }),
  counterFamily('requests_processed', {
    name: 'litellm_requests_processed_total',
    help: 'Requests by model and status.',
    labels: ['model', 'status'],
    known: everyModel(['success'], ['failure']),
  }),
  counterFamily('request_errors', {
    name: 'litellm_request_errors_total',
    help: 'Failed requests by model and error class.',
    labels: ['model', 'error_type'],
    *known({ view }) {
      const known: (readonly string[])[] = [];
      yield* each(view.series('errors'), (series) => known.push(series.key));
      return known;
    },
  }),
  counterFamily('request_cache', {
    name: 'litellm_request_cache_total',
    help: 'Requests that the response cache answered or missed, by model.',
    labels: ['model', 'result'],
    known: everyModel(['hit'], ['miss']),
  }),
  counterFamily('tokens_processed', {
    name: 'litellm_tokens_processed_total',
    help: 'Tokens by model and kind; cached="true" repeats the usage of an earlier request at no cost.',
    labels: ['model', 'kind', 'cached'],
    known: everyModel(['prompt', 'false'], ['prompt', 'true'], ['completion', 'false'], ['completion', 'true']),
  }),
  counterFamily('team_spend_usd', {
    name: 'litellm_team_spend_usd_total',
    help: 'Spend in USD by team, under the alias in force when it was booked; a negative spend adds nothing.',
    labels: ['team_id', 'team_alias'],
    *known({ view }) {
      const known: (readonly string[])[] = [];
      yield* each(view.entities.all('team'), ({ teamId, teamAlias }) => known.push([teamId, orNone(teamAlias)]));
      return known;
    },
  }),
  counterFamily('key_spend_usd', {
    name: 'litellm_key_spend_usd_total',
    help: 'Spend in USD by key, under the name and alias in force when it was booked; a negative spend adds nothing.',
    labels: ['key_name', 'key_alias'],
  }),
];

interface CounterDeclaration {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly known?: KnownLabels;
}

/** A counter of the state, with its known label sets at 0. */
function counterFamily(shows: CounterKind, { known, ...declaration }: CounterDeclaration): CounterFamily {
  return {
    type: 'counter',
    kept: false,
    needs: [],
    settings: [],
    shows,
    ...declaration,
    *collect(reading, emit) {
      const missing = new Map<string, readonly string[]>();
      if (known !== undefined) {
        yield* each(yield* known(reading), (labels) => missing.set(joined(...labels), labels));
      }
      let series = 0;
      yield* each(reading.view.counters(shows), ({ labels, value }) => {
        emit(labels, value);
        if (missing.size > 0) missing.delete(joined(...labels));
        series += 1;
      });
      // Zeros only fill what the cap leaves: a folded series already counts in `other`, and has none of its own.
      const room = reading.maxSeries === 0 ? missing.size : reading.maxSeries - series;
      yield* each([...missing.values()].slice(0, Math.max(0, room)), (labels) => emit(labels, 0));
    },
  };
}

function everyModel(...rest: readonly (readonly string[])[]): KnownLabels {
  return function* (reading) {
    const models = yield* reading.once(knownModels);
    return (function* () {
      for (const model of models) for (const labels of rest) yield [model, ...labels];
    })();
  };
}
