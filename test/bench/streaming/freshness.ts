import { randomBytes } from 'node:crypto';
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
/** Scrapes one after the other would be a load of their own: each holds the state still while it is rendered. */
const BETWEEN_SCRAPES_MS = 20;

/** Milliseconds from a commit until an answer of /metrics shows it. */
async function probe(write: (model: string) => Promise<void>, origin: string): Promise<number> {
  const model = `probe-${randomBytes(8).toString('hex')}`;
  await write(model);
  const committed = performance.now();
  while (performance.now() - committed < PATIENCE_MS) {
    const text = await (await fetch(`${origin}/metrics`)).text();
    if (text.includes(model)) return performance.now() - committed;
    await pause(BETWEEN_SCRAPES_MS);
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
  notes: `Each probe commits a row of a model of its own and asks for \`/metrics\` every 20 ms until the model is there, so the figure
includes the rendering and sending of the whole answer: that of a department of 20 users and 40 keys, some thousand series. The state is in
Redis. The peer's figures are computed: its queries are timed on
the same data (our own formulation of them, a stand-in), and a row waits half of ${POLLING_INTERVAL} s at the median, nearly all of it at the
99th percentile. Not guarded: latencies depend on the machine's other work, and the peer's are mostly a constant.`,
  shortfall: `The run shown here was made on two cores that a dozen other processes kept busy (the load stands with it): the exporter got a
quarter of one of them, and an answer of \`/metrics\` alone took half a second and more. Before the metadata of failures was looked up for
many transactions at once, the first probes were folded into \`other\`, so that nothing was measured before. How
it stands on a machine of its own has not been measured yet.`,
  prepare: async ({ shape, say, version }) => {
    await using stack = new Owned();
    const database = stack.use(await openBenchDatabase({ size: 'small' }));
    version('PostgreSQL', database.server.version);
    await database.simulator.writeHistory({ rows: shape.historyRows, days: 29 });
    const exporter = stack.use(await startStreaming(database, { plugin: 'pgoutput' }));
    stack.use(await startTraffic(database, shape.rate, 'small'));
    const sql = stack.use(await sqlClient(database.url));
    say('traffic flows');
    const write = async (model: string): Promise<void> => {
      const written = await database.simulator.writeBatch(1, { model, status: 'success', spend: 0.01 });
      if (written !== 1) throw new Error('the row of a probe was not written');
    };
    const owned = stack.move();
    return {
      round: async (): Promise<Round> => {
        const values: number[] = [];
        for (let at = 0; at < shape.probes; at += 1) values.push(await probe(write, exporter.process.origin));
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
