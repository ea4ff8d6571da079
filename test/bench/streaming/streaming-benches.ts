import type { Bench } from '../framework/bench.js';
import { catchUpPgoutput, catchUpWal2json } from './catch-up.js';
import { exporterMemory } from './exporter-memory.js';
import { freshness } from './freshness.js';
import { reading } from './reading.js';
import { seed } from './seed.js';
import { serverLoad } from './server-load.js';
import { wideRows } from './wide-rows.js';

/** What involves PostgreSQL: the stream, the seed, and what they cost the server. */
export const streamingBenches: readonly Bench[] = [
  catchUpWal2json,
  catchUpPgoutput,
  wideRows,
  reading,
  freshness,
  serverLoad,
  seed,
  exporterMemory,
];
