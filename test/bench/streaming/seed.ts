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
    { name: 'peak memory', unit: 'MB', better: 'less', target: { of: 'ours', atMost: 300 }, guard: 'ours' },
    { name: 'processor', unit: 'µs a row', better: 'less', target: null },
  ],
  sizes: { small: { rows: 200_000 }, target: { rows: 2_000_000 }, full: { rows: 10_000_000 } },
  describe: ({ rows }) => `${rows.toLocaleString('en-US')} rows over 29 days`,
  notes: `The exporter's time is its own (\`litellm_exporter_seed_duration_seconds\`), from the snapshot until the state is stored; it reads in
slices by index, in short transactions, so that no migration waits for it, while the peer reads the table in one go. Memory is the most
that the process ever had (VmHWM), start-up included; that it is flat shows between the sizes.`,
  shortfall: `The runs shown here were made on two cores that a dozen other processes kept busy (the load stands with each run); a seed needs
one processor beside the server's and has to wait for it, while the peer hardly needs any.

What the profile shows (\`--cpu-prof\` of the exporter, \`small\`): folding 13 %, garbage collection 14 %, preparing and applying slices
12 %, splitting the lines of COPY 11 %, reading their fields 7 %, encoding and writing the state 8 %, start-up, and 15 % waiting for the
server. In \`small\` nearly every row is the first of its series in its bucket (some five new pairs of series and bucket a row, a guess), which is the
dearest case there is; the more rows a window has, the fewer of them are. Nothing has been done about the seed yet beyond what it has in
common with the stream. Memory is probably garbage (not measured) that the collector sees no reason to fetch: the heap has no limit in these runs.`,
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
