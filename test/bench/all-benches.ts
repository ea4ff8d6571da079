import type { Bench } from './framework/bench.js';
import type { Chapter } from './framework/report.js';

/** Every benchmark, in the order of the report. */
export const allBenches: readonly Bench[] = [];

/** What docs/BENCHMARKS.md says beyond single benches, from their results. */
export const chapters: readonly Chapter[] = [];
