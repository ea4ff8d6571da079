import { Exposition } from './exposition/exposition.js';
import { StateRenderer } from './exposition/render.js';
import { ALL_FAMILIES } from './families/all-families.js';
import { disabledFamilies } from './selection.js';
import type { SelfMetrics } from './self-metrics.js';

/** The settings of this room. */
export interface MetricsSettings {
  /** METRICS_DISABLED, '' for none. */
  readonly disabled: string;
  /** METRICS_MAX_SERIES_PER_METRIC; 0 = no cap. */
  readonly maxSeries: number;
}

/**
 * Puts an exposition together: the enabled families, and the enabled metrics of the process.
 *
 * @throws ExporterFailure `setting-invalid` for a pattern that matches nothing.
 */
export function createExposition({ disabled, maxSeries }: MetricsSettings, selfMetrics: SelfMetrics): Exposition {
  const names = [...ALL_FAMILIES.map(({ name }) => name), ...selfMetrics.names()];
  const isDisabled = disabledFamilies(disabled, names);
  selfMetrics.remove(isDisabled);
  const families = ALL_FAMILIES.filter(({ name }) => !isDisabled(name));
  return new Exposition(new StateRenderer({ families, maxSeries }), selfMetrics);
}
