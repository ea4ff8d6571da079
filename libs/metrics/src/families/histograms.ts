import type { HistogramKind, StateView } from '@app/aggregates';
import type { HistogramFamily } from '../family.js';
import { each } from '../steps.js';
import { knownModels } from './known-models.js';

/** Cumulative histograms of seconds by model. */
export const HISTOGRAM_FAMILIES: readonly HistogramFamily[] = [
  histogramFamily('request_duration', {
    name: 'litellm_request_duration_seconds',
    help: 'Duration of successful requests that the response cache did not answer, by model.',
    kept: true,
    settings: ['METRICS_DURATION_BUCKETS'],
    bounds: (view) => view.durationBuckets,
  }),
  histogramFamily('time_to_first_token', {
    name: 'litellm_time_to_first_token_seconds',
    help: 'Time to the first token of successful streamed requests that the response cache did not answer, by model.',
    kept: false,
    settings: ['METRICS_TTFT_BUCKETS'],
    bounds: (view) => view.ttftBuckets,
  }),
];

interface HistogramDeclaration {
  readonly name: string;
  readonly help: string;
  readonly kept: boolean;
  readonly settings: readonly string[];
  readonly bounds: (view: StateView) => readonly number[];
}

/** A histogram of the state, with the known models at 0 as far as the cap leaves room. */
function histogramFamily(shows: HistogramKind, declaration: HistogramDeclaration): HistogramFamily {
  return {
    type: 'histogram',
    labels: ['model'],
    needs: [],
    shows,
    ...declaration,
    *collect(reading, emit) {
      const missing = new Set(yield* reading.once(knownModels));
      let series = 0;
      yield* each(reading.view.histograms(shows), ({ labels, buckets, sum }) => {
        emit({ values: labels, buckets, sum });
        missing.delete(labels[0] as string);
        series += 1;
      });
      const room = reading.maxSeries === 0 ? missing.size : Math.max(0, reading.maxSeries - series);
      const empty = new Array<number>(declaration.bounds(reading.view).length + 1).fill(0);
      yield* each([...missing].slice(0, room), (model) => emit({ values: [model], buckets: empty, sum: 0 }));
    },
  };
}
