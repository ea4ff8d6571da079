import { setTimeout as pause } from 'node:timers/promises';
import { contractFamilies } from '../../oracle/contract.js';
import { parseExposition, seriesKey } from '../../support/exposition.js';
import { roundRobin } from '../../support/round-robin.js';
import type { Happening, Scenario } from '../scenario.js';
import { PATIENCE } from '../world/patience.js';
import { type Prometheus, type PrometheusSeries, startPrometheus } from '../world/prometheus.js';
import type { Replica } from '../world/replica.js';
import type { World } from '../world/world.js';

/** Seconds between two kills of the leader. */
const KILL_EVERY = 20;

/** Families that only grow. */
const growing = Object.entries(contractFamilies).flatMap(([name, { type }]) => {
  if (type === 'counter') return [name];
  return type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [];
});

async function scraped(world: World, seconds: number): Promise<Happening> {
  const [first, ...others] = world.replicas as [Replica, ...Replica[]];
  await world.beforeFirstSeed();
  await first.start();
  for (const other of others) await other.start();
  await using address = await roundRobin(world.replicas.map(({ port }) => port));
  await using prometheus = await startPrometheus(address.port);
  const began = performance.now();
  await pause(3_000);
  world.watch.start();
  world.traffic.start();
  const recoveries = await killLeaders(world, seconds);
  await world.traffic.stop();
  const { faults } = await world.judge();
  if (faults.length > 0) throw new Error(`before Prometheus was asked: ${faults.join('\n')}`);
  await pause(2_500);
  const range = Math.ceil((performance.now() - began) / 1_000) + 5;
  const series = await checkSeries(prometheus, { range, expected: await finalValues(first, others) });
  const answers = [...address.answers.values()];
  const note = `${recoveries.length} leaders killed in ${seconds} s; ${answers.join('+')} answers of the three; ${series} series of Prometheus are what SQL says, none went back`;
  return { recovery: Math.max(...recoveries), note };
}

/** Kills the leader every {@link KILL_EVERY} s by the clock and starts it again; resolves with the seconds until rows were seen again. */
async function killLeaders(world: World, seconds: number): Promise<number[]> {
  const recoveries: number[] = [];
  const began = performance.now();
  for (let at = KILL_EVERY / 2; at < seconds; at += KILL_EVERY) {
    await pause(Math.max(0, began + at * 1_000 - performance.now()));
    const leader = await world.leader();
    await leader.kill();
    recoveries.push(await world.recovered(performance.now()));
    await leader.launch();
  }
  await pause(Math.max(0, began + seconds * 1_000 - performance.now()));
  for (const replica of world.replicas) await replica.process.awaitReady(PATIENCE);
  return recoveries;
}

/** What the state says in the end: equal to SQL, as has been seen. */
async function finalValues(first: Replica, others: readonly Replica[]): Promise<ReadonlyMap<string, number>> {
  const alive = [first, ...others].find(({ running }) => running) as Replica;
  const scrape = parseExposition(await alive.text());
  return new Map(
    [...scrape.families.values()].flatMap(({ samples }) =>
      samples.map((it) => [keyOf({ ...it.labels, __name__: it.name }), it.value]),
    ),
  );
}

interface Expectation {
  /** Seconds that hold everything from before the first row. */
  readonly range: number;
  readonly expected: ReadonlyMap<string, number>;
}

/** Compares samples, resets and increase() of everything that grows; resolves with the number of series. @throws Error */
async function checkSeries(prometheus: Prometheus, { range, expected }: Expectation): Promise<number> {
  let count = 0;
  for (const name of growing) {
    const samples = await prometheus.query(`${name}[${range}s]`);
    const increases = await prometheus.query(`increase(${name}[${range}s])`);
    const byKey = new Map(increases.map((series) => [keyOf(series.metric), Number(series.value?.[1])]));
    for (const series of samples) {
      const key = keyOf(series.metric);
      checkGrowth({ ...series, metric: { ...series.metric, __name__: name } }, expected.get(key));
      checkIncrease(series, byKey.get(keyOf({ ...series.metric, __name__: '' })));
      count += 1;
    }
    const shown = [...expected.keys()].filter((key) => key === name || key.startsWith(`${name}{`));
    if (shown.length !== samples.length) throw new Error(`${name}: ${samples.length} series of ${shown.length}`);
  }
  return count;
}

/** Without what Prometheus adds; bounds are numbers, which the two formats write differently. */
function keyOf({ __name__ = '', job: _job, instance: _instance, ...labels }: PrometheusSeries['metric']): string {
  const { le } = labels;
  return seriesKey(
    __name__,
    le === undefined ? labels : { ...labels, le: String(Number(le.replace('+Inf', 'Infinity'))) },
  );
}

function checkGrowth({ metric, values = [] }: PrometheusSeries, wanted: number | undefined): void {
  let before = 0;
  for (const [time, text] of values) {
    const value = Number(text);
    if (value < before) throw new Error(`${keyOf(metric)} went back from ${before} to ${value} at ${time}`);
    before = value;
  }
  const same = wanted !== undefined && Math.abs(before - wanted) <= 1e-9 * Math.max(1, wanted);
  if (!same) throw new Error(`${keyOf(metric)} ended at ${before}, not ${wanted}`);
}

/** increase() extrapolates to the ends of its range: by at most 1.1 intervals at each. */
function checkIncrease({ metric, values = [] }: PrometheusSeries, increase: number | undefined): void {
  const [first, last] = [values[0], values.at(-1)];
  if (first === undefined || last === undefined || values.length < 2) return;
  const delta = Number(last[1]) - Number(first[1]);
  const sampled = last[0] - first[0];
  const most = delta * (1 + (2.2 * sampled) / (values.length - 1) / sampled) + 1e-9;
  if (increase === undefined || increase < delta - 1e-9 || increase > most) {
    throw new Error(`increase() of ${keyOf(metric)} is ${increase}, and it grew by ${delta}`);
  }
}

const scenario = (seconds: number, form: 'full' | 'long'): Scenario => ({
  name: `scraped-while-leaders-die-${seconds}-s`,
  fault: `kill -9 of the leader of three exporters every ${KILL_EVERY} s for ${seconds} s, scraped through one address by Prometheus every second`,
  form,
  needs: { replicas: 3, started: false },
  within: 5,
  seeds: ['first'],
  run: (world) => scraped(world, seconds),
});

/** What a real Prometheus sees of faults. */
export const scrapeFaults: readonly Scenario[] = [scenario(60, 'full'), scenario(300, 'long')];
