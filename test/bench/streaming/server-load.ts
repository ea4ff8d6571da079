import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { sqlClient } from '../../support/replication-session.js';
import { type Bench, bench, type Round } from '../framework/bench.js';
import { type BenchDatabase, openBenchDatabase } from './bench-database.js';
import { Owned } from './owned.js';
import { POLLING_INTERVAL, pollOnce } from './polling-queries.js';
import { processorSeconds } from './process-usage.js';
import { startStreaming } from './streaming-exporter.js';
import { startTraffic } from './traffic.js';

interface LoadShape {
  readonly historyRows: number;
  readonly seconds: number;
  readonly rate: number;
}

/** What a role has cost the server so far. */
interface Cost {
  /** Seconds of processor. */
  readonly processor: number;
  /** Buffers that its statements have touched. */
  readonly buffers: number;
}

const ROLE = 'bench_exporter';
const HOUR = 3600;

/** Statements of the exporter's role that read spend logs by anything but their primary key. */
async function tableReads(sql: pg.ClientBase): Promise<readonly string[]> {
  const { rows } = await sql.query<{ query: string }>(
    `SELECT query FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid
      WHERE r.rolname = $1 AND query LIKE '%"LiteLLM_SpendLogs"%' AND calls > 0`,
    [ROLE],
  );
  return rows.map((row) => row.query).filter((query) => !/\brequest_id\b/.test(query));
}

async function buffersOf(sql: pg.ClientBase, role: string): Promise<number> {
  const { rows } = await sql.query<{ buffers: string }>(
    `SELECT coalesce(sum(shared_blks_hit + shared_blks_read), 0)::text AS buffers
       FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid WHERE r.rolname = $1`,
    [role],
  );
  return Number(rows[0]?.buffers);
}

/** The backends of the exporter, its walsender among them, by process id with the seconds of processor that each has used. */
async function backends(sql: pg.ClientBase): Promise<Map<number, number>> {
  const { rows } = await sql.query<{ pid: number }>('SELECT pid FROM pg_stat_activity WHERE usename = $1', [ROLE]);
  return new Map(
    rows.flatMap(({ pid }) => {
      try {
        return [[pid, processorSeconds(pid)] as const];
      } catch {
        // It has ended since.
        return [];
      }
    }),
  );
}

/** What the exporter costs the server over a span in which it streams. */
async function streamingCost(sql: pg.ClientBase, seconds: number): Promise<Cost> {
  const before = { backends: await backends(sql), buffers: await buffersOf(sql, ROLE) };
  await pause(seconds * 1000);
  const after = await backends(sql);
  const used = [...after].map(([pid, now]) => now - (before.backends.get(pid) ?? 0));
  return {
    processor: used.reduce((sum, one) => sum + one, 0),
    buffers: (await buffersOf(sql, ROLE)) - before.buffers,
  };
}

/** What one cycle of the polling stand-in costs the server, and how long it takes. */
async function pollingCost(database: BenchDatabase): Promise<Cost & { readonly seconds: number }> {
  await using client = await sqlClient(database.url);
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const pid = rows[0]?.pid ?? 0;
  // Helpers of a parallel plan end before they can be asked.
  await client.query('SET max_parallel_workers_per_gather = 0');
  const before = { processor: processorSeconds(pid), buffers: await buffersOf(database.sql, 'postgres') };
  const milliseconds = await pollOnce(client);
  return {
    processor: processorSeconds(pid) - before.processor,
    buffers: (await buffersOf(database.sql, 'postgres')) - before.buffers,
    seconds: milliseconds / 1000,
  };
}

async function makeRole({ sql }: BenchDatabase): Promise<void> {
  await sql.query('CREATE EXTENSION pg_stat_statements');
  await sql.query(`CREATE ROLE ${ROLE} LOGIN SUPERUSER REPLICATION PASSWORD 'bench'`);
}

function envOf(database: BenchDatabase): Record<string, string> {
  const url = new URL(database.url);
  url.username = ROLE;
  url.password = 'bench';
  return { DATABASE_URL: url.href };
}

/** What LiteLLM's database has to do for the exporter in a steady state. */
export const serverLoad: Bench = bench<LoadShape>({
  name: 'server-load',
  title: 'Load on PostgreSQL in a steady state',
  ours: "everything the exporter's connections cost at 100 rows a second after the seed: walsender and statements",
  peer: `the queries of a polling exporter on the same data, every ${POLLING_INTERVAL} s`,
  target: '≤ 1/100 of its processor time; after the seed nothing reads the spend logs but look-ups by primary key',
  figures: [
    { name: 'processor', unit: 's an hour', better: 'less', target: { of: 'ratio', atMost: 0.01 }, guard: 'none' },
    { name: 'buffers', unit: 'an hour', better: 'less', target: null, guard: 'none' },
    {
      ...{ name: 'reads of the table', unit: 'kinds of statement', better: 'less' },
      ...{ target: { of: 'ours', atMost: 0 }, guard: 'ours' },
    },
  ],
  sizes: {
    small: { historyRows: 200_000, seconds: 15, rate: 100 },
    target: { historyRows: 2_000_000, seconds: 60, rate: 100 },
    full: { historyRows: 2_000_000, seconds: 720, rate: 100 },
  },
  describe: ({ historyRows, seconds, rate }) =>
    `${historyRows.toLocaleString('en-US')} rows in the window, ${rate} rows/s, ${seconds} s a round, scaled to an hour`,
  notes: `Processor time of ours is that of all server processes of the exporter's role, by \`/proc\`; buffers are \`pg_stat_statements\`'s for
that role. A cycle of the peer (our own formulation of its queries, a stand-in) is measured once a round the same way and counted as often
as cycles fit into an hour: every ${POLLING_INTERVAL} s, or one after the other where one takes longer. Not guarded, but for the last figure: the
spans are short, and the peer grows with the table.`,
  shortfall: `The peer's cost grows with the table, ours with the traffic: with a tenth of the rows in the window the ratio is ten times
worse, so the target is one for the size it names. What is left of ours is the walsender, which decodes every row of the log, and the
look-ups of what the metadata of failed requests says.`,
  prepare: async ({ shape, say, version }) => {
    await using stack = new Owned();
    const database = stack.use(
      await openBenchDatabase({
        settings: { shared_preload_libraries: 'pg_stat_statements', 'pg_stat_statements.track': 'all' },
      }),
    );
    version('PostgreSQL', database.server.version);
    await makeRole(database);
    await database.simulator.writeHistory({ rows: shape.historyRows, days: 29 });
    stack.use(await startStreaming(database, { plugin: 'pgoutput', env: envOf(database) }));
    await database.sql.query('SELECT pg_stat_statements_reset()');
    stack.use(await startTraffic(database, shape.rate));
    say('traffic flows');
    const owned = stack.move();
    const reads = new Set<string>();
    return {
      round: async (): Promise<Round> => {
        const ours = await streamingCost(database.sql, shape.seconds);
        const peer = await pollingCost(database);
        const perHour = HOUR / shape.seconds;
        const cycles = HOUR / Math.max(POLLING_INTERVAL, peer.seconds);
        for (const query of await tableReads(database.sql)) reads.add(query);
        return {
          processor: { ours: ours.processor * perHour, peer: peer.processor * cycles },
          buffers: { ours: ours.buffers * perHour, peer: peer.buffers * cycles },
          'reads of the table': { ours: reads.size },
        };
      },
      end: async () => ({ facts: reads.size === 0 ? {} : { 'statements that read the table': [...reads].join('; ') } }),
      [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
    };
  },
});
