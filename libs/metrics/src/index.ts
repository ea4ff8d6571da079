export { createExposition, type MetricsSettings } from './create-exposition.js';
export { Exposition, type ScrapeAnswer, type ScrapeRequest } from './exposition/exposition.js';
export { type NegotiatedFormat, negotiateFormat } from './exposition/negotiation.js';
export { StateRenderer } from './exposition/render.js';
export { ALL_FAMILIES } from './families/all-families.js';
export type { Family } from './family.js';
export { MetricsModule, type MetricsOptions } from './metrics.module.js';
export { disabledFamilies } from './selection.js';
export { type BuildFacts, SelfMetrics } from './self-metrics.js';
