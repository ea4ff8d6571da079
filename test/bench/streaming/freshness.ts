import { setTimeout as pause } from 'node:timers/promises';
import { sqlClient } from '../../support/replication-session.js';
import { type Bench, bench, type Round } from '../framework/bench.js';
import { openBenchDatabase } from './bench-database.js';
import { Owned } from './owned.js';
import { POLLING_INTERVAL, pollOnce } from './polling-queries.js';
import { startStreaming } from './streaming-exporter.js';
import { startTraffic } from './traffic.js';

interface FreshnessShape {
  readonly probes: number;
  readonly historyRows: number;
  readonly rate: number;
}

const PATIENCE_MS = 60_000;
/**
 * Before every scrape, the first one included: one that comes with the commit can't show it yet, and holds the state still while it is
 * rendered, so that the row waits for the probe's own doing.
 */
const BEFORE_SCRAPE_MS = 15;

/** Its requests are counted, so that the answer does not grow by a model with each probe. */
const MODEL = 'freshness-probe';
const COUNTED = new RegExp(`^litellm_requests_processed_total\\{model="${MODEL}",status="success"\\} (\\d+)$`, 'm');

/** Milliseconds from a commit until an answer of /metrics shows it, which counts `rows` of the probe's model then. */
async function probe(write: () => Promise<void>, origin: string, rows: number): Promise<number> {
  await write();
  const committed = performance.now();
  while (performance.now() - committed < PATIENCE_MS) {
    await pause(BEFORE_SCRAPE_MS);
    const text = await (await fetch(`${origin}/metrics`)).text();
    if (Number(COUNTED.exec(text)?.[1]) >= rows) return performance.now() - committed;
  }
  throw new Error('a row has not become visible within a minute');
}

/** The value that a share of the sorted values does not exceed. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] as number;
}

/** How old what Prometheus gets is, while traffic goes on. */
export const freshness: Bench = bench<FreshnessShape>({
  name: 'freshness',
  title: 'From commit to /metrics',
  ours: 'milliseconds from a commit until an answer of `/metrics` shows it, at 1,000 rows a second',
  peer: `a polling exporter: a row waits for the next of its cycles, ${POLLING_INTERVAL} s apart, and for its queries`,
  target: 'p50 < 50 ms, p99 < 250 ms',
  figures: [
    { name: 'p50', unit: 'ms', better: 'less', target: { of: 'ours', atMost: 50 }, guard: 'none' },
    { name: 'p99', unit: 'ms', better: 'less', target: { of: 'ours', atMost: 250 }, guard: 'none' },
  ],
  sizes: {
    small: { probes: 50, historyRows: 20_000, rate: 1_000 },
    target: { probes: 300, historyRows: 500_000, rate: 1_000 },
  },
  describe: ({ probes, historyRows, rate }) =>
    `${probes} probes a round at ${rate} rows/s, ${historyRows.toLocaleString('en-US')} rows in the window`,
  notes: `Each probe commits a row of one model and asks for \`/metrics\` ${BEFORE_SCRAPE_MS} ms later, and again ${BEFORE_SCRAPE_MS} ms after each answer, until
its request is counted: the figure includes that pause, and the rendering, compressing and sending of the whole answer, that of a
department of 20 users and 40 keys. It is never less than what the best moment for a scrape would have given. The state is in Redis. Nobody
invents models or tags in this traffic: series would become more with every row. The peer's figures are computed: its queries are timed on
the same data (our own formulation of them, a stand-in), and a row waits half of ${POLLING_INTERVAL} s at the median, nearly all of it at the
99th percentile. Not guarded: latencies depend on the machine's other work, and the peer's are mostly a constant.`,
  shortfall: `Earlier figures grew from round to round (p50 91 → 450 ms within a minute) because the answer did: 0.4 MB at the start, 2.0 MB
after a minute. The simulated callers make up six models and thirty tags a second at this rate, and every probe brought a model of its own,
each of which is shown in fifty lines. The exporter stops at 1,000 of either that no entity knows (METRICS.md, "Cardinality"), so it would
have gone on for some three minutes; the bench now measures without them. It also asked at the moment of the commit and every 20 ms from then
on: the first answer could not show the row, and held the state still while it was rendered, so that two answers and a pause were measured.

What was done: every step began by a timer; a row that comes alone is now stored at the end of the turn in
which its commit was read. Steps stay at least 10 ms apart: without that, nearly each row of a thousand a second was a step of its own,
and a replica that had not been scraped for a while had many times as many of them to read. By \`--cpu-prof\` on a busy machine, before all
of this, rendering took 14 % of the exporter's processor time, some 24 ms an answer, deflating 5 %, Redis and its client 10 %, preparing
steps 6 %. How the stages of a row's way share the milliseconds was not measured: the machine was never quiet enough.`,
  prepare: async ({ shape, say, version }) => {
    await using stack = new Owned();
    const database = stack.use(await openBenchDatabase({ size: 'small', invented: false }));
    version('PostgreSQL', database.server.version);
    await database.simulator.writeHistory({ rows: shape.historyRows, days: 29 });
    const exporter = stack.use(await startStreaming(database, { plugin: 'pgoutput' }));
    stack.use(await startTraffic(database, shape.rate, 'small', '--no-invented'));
    const sql = stack.use(await sqlClient(database.url));
    say('traffic flows');
    const write = async (): Promise<void> => {
      const written = await database.simulator.writeBatch(1, { model: MODEL, status: 'success', spend: 0.01 });
      if (written !== 1) throw new Error('the row of a probe was not written');
    };
    let rows = 0;
    const owned = stack.move();
    return {
      round: async (): Promise<Round> => {
        const values: number[] = [];
        for (let at = 0; at < shape.probes; at += 1) values.push(await probe(write, exporter.process.origin, ++rows));
        const query = await pollOnce(sql);
        const polled = (share: number): number => POLLING_INTERVAL * 1000 * share + query;
        return {
          p50: { ours: quantile(values, 0.5), peer: polled(0.5) },
          p99: { ours: quantile(values, 0.99), peer: polled(0.99) },
        };
      },
      [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
    };
  },
});
