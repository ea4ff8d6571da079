import { type GaugeFamily, windowedGauge } from '../family.js';
import { each } from '../steps.js';

/** Tokens in the spend window; `place` is the sum's place in the series by model. */
export const TOKEN_FAMILIES: readonly GaugeFamily[] = [
  { name: 'litellm_total_tokens', what: 'Tokens', place: 1 },
  { name: 'litellm_prompt_tokens', what: 'Prompt tokens', place: 2 },
  { name: 'litellm_completion_tokens', what: 'Completion tokens', place: 3 },
].map(({ name, what, place }) =>
  windowedGauge({
    name,
    help:
      `${what} by model over METRICS_SPEND_WINDOW; a gauge that falls when rows leave the window, so not for rate(). ` +
      'See litellm_tokens_processed_total.',
    labels: ['model'],
    settings: ['METRICS_SPEND_WINDOW'],
    collect: ({ view }, emit) => each(view.series('spend_by_model'), (series) => emit(series.key, series.sum(place))),
  }),
);
