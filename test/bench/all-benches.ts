import type { Bench } from './framework/bench.js';
import type { Chapter } from './framework/report.js';
import { capacityChapter } from './serving/capacity.chapter.js';
import { growthBench } from './serving/growth.bench.js';
import { manyKeysBench } from './serving/many-keys.bench.js';
import { redisMemoryBench } from './serving/redis-memory.bench.js';
import { replicaBench } from './serving/replica.bench.js';
import { scrapeBench } from './serving/scrape.bench.js';
import { simulationBench } from './serving/simulation.bench.js';
import { largeStepsBench } from './storing/large-steps.bench.js';
import { streamingBenches } from './streaming/streaming-benches.js';

/** Every benchmark, in the order of the report. */
export const allBenches: readonly Bench[] = [
  ...streamingBenches,
  scrapeBench,
  manyKeysBench,
  growthBench,
  replicaBench,
  redisMemoryBench,
  largeStepsBench,
  simulationBench,
];

/** What docs/BENCHMARKS.md says beyond single benches, from their results. */
export const chapters: readonly Chapter[] = [capacityChapter];
