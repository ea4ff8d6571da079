import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { seedSelectList } from '@app/litellm';
import { postgresPrograms } from '../../../scripts/servers/postgres-binaries.mjs';
import { type Bench, bench, inTurn } from '../framework/bench.js';
import { type BenchDatabase, openBenchDatabase } from './bench-database.js';
import { Owned } from './owned.js';
import { processorSeconds, residentMemory } from './process-usage.js';
import { startStreaming } from './streaming-exporter.js';

interface SeedShape {
  readonly rows: number;
}

const SPEND_LOGS = '"LiteLLM_SpendLogs"';

/** Seconds that the server takes to write the columns of a seed to nowhere, through psql. */
async function copyAway({ server, name, sql }: BenchDatabase): Promise<number> {
  const { rows } = await sql.query<{ name: string }>(
    `SELECT attname AS name FROM pg_attribute WHERE attrelid = '${SPEND_LOGS}'::regclass AND attnum > 0 AND NOT attisdropped`,
  );
  const list = seedSelectList(new Set(rows.map((row) => row.name))).join(', ');
  const since = `(now() AT TIME ZONE 'UTC') - interval '30 days'`;
  const statement = `COPY (SELECT ${list} FROM ${SPEND_LOGS} WHERE "startTime" >= ${since}) TO STDOUT`;
  const program = join(postgresPrograms('debian-15') ?? '', 'psql');
  const argv = [
    '-h',
    server.host,
    '-p',
    String(server.port),
    '-U',
    server.user,
    '-d',
    name,
    '-X',
    '-q',
    '-c',
    statement,
  ];
  const began = performance.now();
  const child = spawn(program, argv, { env: { PGPASSWORD: server.password }, stdio: ['ignore', 'ignore', 'inherit'] });
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  if (code !== 0) throw new Error(`psql ended with ${code}`);
  return (performance.now() - began) / 1000;
}

interface Seeded {
  readonly seconds: number;
  readonly peakMemory: number;
  readonly microsecondsPerRow: number;
}

/** A first seed into an empty Redis, by the exporter's own account of it. */
async function seedOnce(database: BenchDatabase, rows: number): Promise<Seeded> {
  const { slot, process, seconds } = await (async () => {
    const exporter = await startStreaming(database, { plugin: 'pgoutput' });
    await using _ = exporter;
    const scrape = await exporter.process.scrape();
    const total = (name: string): number => scrape.samples(name).reduce((sum, { value }) => sum + value, 0);
    const seeded = total('litellm_exporter_seed_rows_total');
    if (seeded !== rows) throw new Error(`${seeded} of ${rows} rows were seeded`);
    const used = {
      peakMemory: residentMemory(exporter.process.pid).peak,
      processor: processorSeconds(exporter.process.pid),
    };
    return { slot: exporter.slot, process: used, seconds: total('litellm_exporter_seed_duration_seconds') };
  })();
  await database.sql.query('SELECT pg_drop_replication_slot($1)', [slot]);
  return { seconds, peakMemory: process.peakMemory, microsecondsPerRow: (process.processor * 1e6) / rows };
}

/** How long a first start takes on a table that is there already. */
export const seed: Bench = bench<SeedShape>({
  name: 'seed',
  title: 'Seed',
  ours: 'the first seed of a full window, folded and stored in Redis',
  peer: '`COPY` of the same columns and rows by psql to /dev/null',
  target: '≤ 2 × its time; memory flat',
  figures: [
    { name: 'time', unit: 's', better: 'less', target: { of: 'ratio', atMost: 2 } },
    {
      name: 'peak memory',
      unit: 'MB',
      better: 'less',
      target: { of: 'ours', judged: 'worst', atMost: 300 },
      guard: 'ours',
    },
    { name: 'processor', unit: 'µs a row', better: 'less', target: null },
  ],
  sizes: { small: { rows: 200_000 }, target: { rows: 2_000_000 }, full: { rows: 10_000_000 } },
  describe: ({ rows }) => `${rows.toLocaleString('en-US')} rows over 29 days`,
  notes: `The exporter's time is its own (\`litellm_exporter_seed_duration_seconds\`), from the snapshot until the state is stored; it reads in
slices by index, in short transactions, so that no migration waits for it, while the peer reads the table in one go. Memory is the most
that the process ever had (VmHWM), start-up included; that it is flat shows between the sizes.`,
  shortfall: `A seed needs a processor beside the server's, the peer hardly any: on a machine where both cores are taken by other things
the ratio is that of the processor time, and a quiet machine is where to look at it.

What was done, by the exporter's processor time with start-up and the writing of the state, before and after, in turn on the same busy
machine: 12.6 → 6.2 µs a row at 2 M rows, 26 → 23 at 200,000, where nearly every row is the first of its series in its bucket and much
of it is start-up and the storing of pairs; the peak of memory 332 → 262 MB at 2 M rows.

- Most rows repeat: the same keys ask the same models with the same tags all day. What differs from row to row stands first in the line
  and is read digit by digit; the rest is one text, and what it says is looked up by it instead of being split and read again. Rows with the
  same text in the same buckets are added up, and folded as one. How much that is worth depends on the traffic: of the simulator's 2,000
  patterns each comes nine times in six hours at 2 M rows, and hardly once at 200,000. Where a tag differs with every request it is worth
  nothing, and costs a look-up.
- Slices have no end that has to be found beforehand: \`FETCH FIRST … ROWS WITH TIES\` in the order of the index. The look for it took a
  second for 300,000 rows that took three to read, where a table has not been vacuumed and each entry of the index leads to its page.
- A slice looks each series up once, not once for each of its buckets (7.0 → 5.6 µs a row of reading, folding and preparing at 200,000).
- The state is written in records of 5,000 things instead of 20,000: they are garbage before V8 takes them for old (264 → 239 MB at the peak of
  200,000 rows, means of four).
- \`startTime\` comes as an integer. As a double it came as \`1.795796356525123e+15\`, which is not read digit by digit: 0.36 → 0.28 µs a row of
  reading numbers, and the server takes 0.75 s in place of 0.90 for a million rows of that column alone (the second-fastest of six). A numeric
  (\`extract\`) would take 1.25 s. In a whole seed of 500,000 rows on a busy machine the difference does not show.

What the profile shows (\`--cpu-prof\`, 2 M rows, after the first of these, of the time that it works): finding what rows have in common 18 %, reading their numbers
17 %, adding them up 12 %, folding 8 %, preparing and applying slices 8 %, garbage collection 8 %, socket and the messages of COPY (one for each
row) 6 %, the rest start-up and the writing of the state. While a slice is applied the server waits; the next one could be asked for before.`,
  prepare: async ({ shape, say, version }) => {
    await using stack = new Owned();
    const database = stack.use(await openBenchDatabase());
    version('PostgreSQL', database.server.version);
    await database.simulator.writeHistory({ rows: shape.rows, days: 29 });
    await copyAway(database);
    say('history is written');
    const owned = stack.move();
    return {
      round: async (index) => {
        let seeded: Seeded | undefined;
        const time = await inTurn(
          index,
          async () => {
            seeded = await seedOnce(database, shape.rows);
            return seeded.seconds;
          },
          () => copyAway(database),
        );
        const { peakMemory = Number.NaN, microsecondsPerRow = Number.NaN } = seeded ?? {};
        return { time, 'peak memory': { ours: peakMemory }, processor: { ours: microsecondsPerRow } };
      },
      [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
    };
  },
});
