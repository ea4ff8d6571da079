import type { StateView } from '@app/aggregates';
import { each, type Steps } from '../steps.js';
import { isGiven } from './labels.js';

/**
 * Models whose counters are shown at 0 before their first row: those in a window, those a counter knows, and those of
 * LiteLLM_ProxyModelTable (METRICS.md, "Types").
 */
export function* knownModels(view: StateView): Steps<ReadonlySet<string>> {
  const models = new Set<string>();
  for (const kind of ['spend_by_model', 'requests', 'cache', 'errors'] as const) {
    yield* each(view.series(kind), (series) => models.add(series.key[0] as string));
  }
  for (const kind of ['spend_usd', 'requests_processed'] as const) {
    yield* each(view.counters(kind), (counter) => models.add(counter.labels[0] as string));
  }
  yield* each(view.entities.all('model'), ({ modelName }) => {
    if (isGiven(modelName)) models.add(modelName);
  });
  return models;
}
