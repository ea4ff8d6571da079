import { type GaugeFamily, windowedGauge } from '../family.js';
import { each } from '../steps.js';

const FALLS = 'A gauge despite its name: it falls when rows leave the window, so not for rate()';

/** Requests, cache results and errors in their windows. */
export const REQUEST_FAMILIES: readonly GaugeFamily[] = [
  windowedGauge({
    name: 'litellm_requests_total',
    help: `Requests by model and status over METRICS_REQUEST_WINDOW. ${FALLS}; use litellm_requests_processed_total.`,
    labels: ['model', 'status'],
    realLabels: ['status'],
    settings: ['METRICS_REQUEST_WINDOW'],
    collect: ({ view }, emit) => each(view.series('requests'), (series) => emit(series.key, series.rows)),
  }),
  cacheFamily('litellm_cache_hits_total', 'hit', 'Requests answered from the response cache'),
  cacheFamily('litellm_cache_misses_total', 'miss', 'Requests that missed the response cache'),
  windowedGauge({
    name: 'litellm_errors_total',
    help: `Failed requests by model and error class over METRICS_ERROR_WINDOW. ${FALLS}; use litellm_request_errors_total.`,
    labels: ['model', 'error_type'],
    settings: ['METRICS_ERROR_WINDOW'],
    collect: ({ view }, emit) => each(view.series('errors'), (series) => emit(series.key, series.rows)),
  }),
  windowedGauge({
    name: 'litellm_error_rate',
    help: 'Failed requests by model over METRICS_ERROR_WINDOW, divided by the length of that window in minutes.',
    labels: ['model'],
    settings: ['METRICS_ERROR_WINDOW'],
    *collect({ view }, emit) {
      const rows = new Map<string, number>();
      yield* each(view.series('errors'), (series) => {
        const model = series.key[0] as string;
        rows.set(model, (rows.get(model) ?? 0) + series.rows);
      });
      const minutes = view.window('E').length / 60_000;
      yield* each(rows, ([model, failures]) => emit([model], failures / minutes));
    },
  }),
];

function cacheFamily(name: string, result: 'hit' | 'miss', what: string): GaugeFamily {
  return windowedGauge({
    name,
    help: `${what}, by model, over METRICS_REQUEST_WINDOW. ${FALLS}; use litellm_request_cache_total.`,
    labels: ['model'],
    settings: ['METRICS_REQUEST_WINDOW'],
    collect: ({ view }, emit) =>
      each(view.series('cache'), (series) => {
        const [model, found] = series.key as [string, string];
        if (found === result) emit([model], series.rows);
      }),
  });
}
