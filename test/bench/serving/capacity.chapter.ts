import type { BenchSize } from '../framework/bench.js';
import { numberText } from '../framework/figures-text.js';
import type { Chapter } from '../framework/report.js';
import type { BenchResults } from '../framework/result-file.js';

/** Series of the benches `replica`, `scrape` and of the large end of `growth`. */
const SERIES = 120_000;
const GIGABYTE = 1e9;
/** Share of one core that scrapes may take, every 15 seconds. */
const SHARE = 0.05;
const INTERVAL = 15_000;

/** What the chapter is computed from; undefined where the bench has not been run at the size of its target. */
interface Measured {
  readonly residentMegabytes: number;
  readonly seriesBytes: number;
  readonly keyBytes: number;
  readonly pairBytes: number;
  readonly scrapeMilliseconds: number;
}

/** What one exporter, one Redis and a Redis Cluster carry, as the results say; empty until there are some. */
export const capacityChapter: Chapter = (results) => {
  const measured = measuredOf(results);
  return measured === undefined ? '' : textOf(measured);
};

function measuredOf(results: ReadonlyMap<string, BenchResults>): Measured | undefined {
  const of = (bench: string, figure: string, size: BenchSize = 'target'): number | undefined =>
    (results.get(bench)?.[size] ?? results.get(bench)?.small)?.figures[figure]?.ours.median;
  const residentMegabytes = of('replica', 'resident memory');
  const large = results.get('growth')?.target?.figures['memory, 10 × series'];
  const keyBytes = of('many-keys', 'a known key');
  const pairBytes = of('redis-memory', 'a pair');
  const scrapeMilliseconds = of('scrape', '5 % new, gzip');
  if (residentMegabytes === undefined || large?.peer === undefined || scrapeMilliseconds === undefined)
    return undefined;
  if (keyBytes === undefined || pairBytes === undefined) return undefined;
  const grown = (large.ours.median - large.peer.median) * 1e6;
  return { residentMegabytes, seriesBytes: grown / (SERIES * 0.9), keyBytes, pairBytes, scrapeMilliseconds };
}

function textOf(measured: Measured): string {
  const { residentMegabytes, seriesBytes, keyBytes, pairBytes, scrapeMilliseconds } = measured;
  const scrapeSeries = (SERIES * SHARE * INTERVAL) / scrapeMilliseconds;
  return `## Capacity

Computed from the results above; what is divided is the median, and the machine is the one each result names.

| what | takes | so that |
|---|---|---|
| a series in the exporter, remembered lines included | ${numberText(seriesBytes)} bytes | 1 GB of live memory has ${count(GIGABYTE / seriesBytes)} |
| a key that nothing restricts, in the exporter | ${numberText(keyBytes)} bytes | 1 GB has ${count(GIGABYTE / keyBytes)} |
| a replica with 120,000 series | ${numberText(residentMegabytes)} MB resident | give it twice that as its limit: garbage comes in bursts |
| a (bucket, series) pair in Redis | ${numberText(pairBytes)} bytes | 1 GB has ${count(GIGABYTE / pairBytes)} |
| a scrape of 120,000 series with gzip, a twentieth of them new | ${numberText(scrapeMilliseconds)} ms of processor | every 15 s, 5 % of a core has ${count(scrapeSeries)} |

**One exporter.** Its first limit is \`METRICS_MAX_SERIES_PER_METRIC\` (100,000), which is there for Prometheus' sake. Beyond it comes the
processor: a scrape costs by series, and the stream has the same core. Memory costs by series, by pair (35 to 44 bytes each in the
exporter, which keeps every bucket), and by known key; never by rows. Node.js gives up at its heap limit (2 to 4 GB without
\`--max-old-space-size\`): that is a few million series.

**One Redis.** A window of 30 days has 121 buckets, so a series with rows in all of them takes ${numberText(121 * pairBytes)} bytes, and 1 GB has
${count(GIGABYTE / (121 * pairBytes))} of these; most have rows in few. During a seed the old state and the new one are both there: plan for twice. One
command runs at a time; a large step is cut into slices, so that the longest script doesn't grow with it, and none of it by rows.

**A Redis Cluster.** All keys of one deployment bear one hash tag, because a step moves several of them at once. So a deployment lies on
one node, and a cluster does not make it larger; it carries as many deployments as its nodes have room for.

**The next limit** is one consumer: a slot is read by one process, and its rate is what the benches of the stream say. What lies beyond
is to be had by less, not by more: \`METRICS_TAG_EXCLUDE\` for tags that differ with every request, \`METRICS_DISABLED\`, or a shorter
\`METRICS_SPEND_WINDOW\`.`;
}

function count(value: number): string {
  return value >= 1e6 ? `${numberText(value / 1e6)} million` : numberText(value);
}
