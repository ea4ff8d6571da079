import type { Bench } from './framework/bench.js';
import type { Chapter } from './framework/report.js';
import { scrapeBench } from './serving/scrape.bench.js';

/** Every benchmark, in the order of the report. */
export const allBenches: readonly Bench[] = [scrapeBench];

/** What docs/BENCHMARKS.md says beyond single benches, from their results. */
export const chapters: readonly Chapter[] = [];
