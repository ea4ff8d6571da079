import { setTimeout as pause } from 'node:timers/promises';
import { type WorldSize, worldSizes } from '../../../apps/simulator/src/index.js';
import { type Bench, bench, type Ending, type Round } from '../framework/bench.js';
import { spreadOf } from '../framework/spread.js';
import { openBenchDatabase } from './bench-database.js';
import { Owned } from './owned.js';
import { residentMemory } from './process-usage.js';
import { SteadyScrapes } from './steady-scrapes.js';
import { startStreaming } from './streaming-exporter.js';
import { MOST_ROWS, UnbrokenStream } from './unbroken-stream.js';
import { makePatterns } from './write-backlog.js';

interface MemoryShape {
  /** Of streaming in each round. */
  readonly seconds: number;
  readonly transactionRows: number;
  readonly company: WorldSize;
  /** Rows of the simulator that the traffic repeats: what says how many series there are. */
  readonly patterns: number;
}

const SAMPLE_MS = 250;
/** Between scrapes: three times as often as is usual. */
const SCRAPE_MS = 5_000;

/** A company of 300 users, which has some 17,000 series. */
const SMALL = { company: worldSizes.medium, patterns: 2_000 };
/** The company of the benches of scrapes (`SERIES_120K`), and as many rows as make 120,000 samples of it. */
const LARGE = {
  company: { organizations: 40, teams: 400, users: 2_000, keys: 4_000, models: 25, tags: 15_000 },
  patterns: 10_500,
};
/** A disk that does not grow: the log is given back as soon as it is confirmed. */
const SETTINGS = { max_wal_size: '1GB', checkpoint_timeout: '5min' };

/** Resident memory while `work` goes on, in MB. */
async function sampled(pid: number, work: Promise<unknown>): Promise<readonly number[]> {
  let done = false;
  const settled = work.finally(() => {
    done = true;
  });
  const samples: number[] = [];
  do {
    samples.push(residentMemory(pid).now);
    await pause(SAMPLE_MS);
  } while (!done);
  await settled;
  return samples;
}

/** What the exporter needs while everything flows through it. */
export const exporterMemory: Bench = bench<MemoryShape>({
  name: 'memory',
  title: 'Memory of the exporter',
  ours: 'resident memory while streaming at full rate, and what one large transaction adds',
  peer: 'none; a limit',
  target: 'RSS ≤ 300 MB, flat over 30 minutes; a transaction of 2 M rows adds ≤ 50 MB',
  figures: [
    {
      name: 'streaming',
      unit: 'MB',
      better: 'less',
      target: { of: 'ours', judged: 'worst', atMost: 300 },
      guard: 'ours',
    },
    {
      name: 'transaction',
      unit: 'MB more',
      better: 'less',
      target: { of: 'ours', judged: 'worst', atMost: 50 },
      guard: 'none',
    },
  ],
  sizes: {
    small: { seconds: 10, transactionRows: 100_000, ...SMALL },
    target: { seconds: 60, transactionRows: 2_000_000, ...LARGE },
    // The transaction of the target is measured by `target`; here it would take as long as the streaming.
    full: { seconds: 360, transactionRows: 200_000, ...LARGE },
  },
  describe: ({ seconds, transactionRows }) =>
    `${seconds} s of streaming a round, then a transaction of ${transactionRows.toLocaleString('en-US')} rows; wal2json, state in Redis`,
  notes: `Streaming: the most of a round, sampled four times a second from \`/proc\`. A transaction: the most while it is taken in, and while
its rows are deleted again, less the most of the streaming before. wal2json, which sends whole rows, is the heavier of the two plugins.
Five rounds of \`full\` are the 30 minutes; the plot shows whether it is flat. \`target\` and \`full\` have a company of 2,000 users, 400 teams
and 4,000 keys with 25 models and thousands of tags, as the bench of scrapes has it, with names and ids as LiteLLM's. Something is always
on its way: while the exporter takes in 20,000 rows, the next ones are written. Meanwhile it is scraped with gzip every
${SCRAPE_MS / 1000} s.

The disk does not grow: once the table has ${MOST_ROWS.toLocaleString('en-US')} rows they are deleted and the table is vacuumed, as a retention
job and autovacuum do; the exporter is told of each deleted row and counts it as ignored. The server's log may take 1 GB beyond what
the slot still needs (\`max_wal_size\`), and a checkpoint gives the rest back. A run of \`full\` takes some 15 GB, most of it for the transaction.

The 30 minutes of \`full\` are flat: 291, 294, 296, 291 and 292 MB at most, with 129,110 samples, 16 MB of text, 12.96 million rows and 260 scrapes
with gzip; transactions of 200,000 rows added nothing. Those of 2,000,000 rows, in the five rounds of \`target\`, added nothing either.

What it is made of was looked into by V8's own figures and heap snapshots, at 130,000 samples: it had 380 to 710 MB at first, of which some
85 MB in the heap and 40 MB of buffers were alive. The rest was garbage, and work that need not have been as large:

- V8 let the old generation grow to four times of what lives in it before it collected, as it does where a machine has gigabytes. At
  all times but in a seed the exporter has V8 collect after a tenth where much lives (\`apps/exporter/src/report/heap-growth.ts\`). A row took as much processor time as
  before by catch-up of \`small\` (43 and 42 µs with a fifth, 38 with a fifth and a tenth; three rounds each, pairs side by side on a busy
  machine). In a seed it took 17.3 µs of processor in place of 13.4 at 500,000 rows, so there V8 goes its own way.
- Steps that are stored and not yet folded into the base stand in memory as objects, five times as large as their bytes in the log of
  which 32 MB were allowed. Now it is 2 MB.
- Where each row has series of its own, as thousands of users make them, a step of 250 ms or of 50,000 rows had some 200,000 pairs,
  three times over: gathered, prepared, encoded. Steps now end at 10,000 pairs.
- What a seed had left stayed: V8 looks at the growth that it is allowed when it has collected, and by then that was 340 to 370 MB in the
  first minutes. Now it collects once when the stream is open (282 MB in the first minute).
- Tables of buckets grow by a quarter instead of to twice their size, and fill up to four fifths: 22 of 56 MB of buffers were theirs,
  half of it in reserve. In those 60 s steadily 283 MB at most instead of 296.
- glibc kept 15 MB that were free: it raises the size up to which it keeps memory for itself with each larger buffer that is given back. The
  image sets it (\`MALLOC_MMAP_THRESHOLD_\`, \`MALLOC_TRIM_THRESHOLD_\`, \`MALLOC_ARENA_MAX\`), and so do the benches: 270 MB.

Of these, 52 MB are pages of the program itself, 32 V8's young generation, 71 what lives in its heap (122,000 remembered samples with
their labels 21, texts 16, code 12), 45 buffers (the answer 16, tables of buckets 18), and the rest garbage.`,
  prepare: async ({ say, shape, version }) => {
    await using stack = new Owned();
    const { company, patterns } = shape;
    const database = stack.use(await openBenchDatabase({ size: company, settings: SETTINGS }));
    version('PostgreSQL', database.server.version);
    await makePatterns(database, patterns);
    const exporter = stack.use(await startStreaming(database, { plugin: 'wal2json' }));
    const traffic = new UnbrokenStream(database, exporter, patterns);
    const scrapes = stack.use(new SteadyScrapes(exporter.process.origin, SCRAPE_MS));
    say('the exporter streams');
    const owned = stack.move();
    const began = performance.now();
    const points: [number, number][] = [];
    const watch = async (work: Promise<unknown>): Promise<number> => {
      const at = (performance.now() - began) / 60_000;
      const samples = await sampled(exporter.process.pid, work);
      samples.forEach((value, index) => {
        // One a second is enough for a plot.
        if (index % 4 === 0) points.push([at + (index * SAMPLE_MS) / 60_000, value]);
      });
      return spreadOf(samples).greatest;
    };
    return {
      round: async (): Promise<Round> => {
        const streaming = await watch(traffic.run(shape.seconds));
        // That it is deleted again is a transaction as large.
        const transaction = await watch(traffic.large(shape.transactionRows).then(() => traffic.forget()));
        return { streaming: { ours: streaming }, transaction: { ours: Math.max(0, transaction - streaming) } };
      },
      end: async (): Promise<Ending> => ({
        facts: {
          'rows streamed in small transactions': traffic.written.toLocaleString('en-US'),
          'scrapes with gzip meanwhile': `${scrapes.answered.toLocaleString('en-US')}, and ${scrapes.failed} without an answer`,
          'samples in the answer at the end': (await scrapes.samples()).toLocaleString('en-US'),
        },
        plots: [
          {
            ...{ name: 'memory-streaming', title: 'Resident memory while streaming, with large transactions' },
            x: { label: 'minutes', scale: 'linear' },
            y: { label: 'MB', scale: 'linear' },
            lines: [{ label: 'RSS', points }],
          },
        ],
      }),
      [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
    };
  },
});
