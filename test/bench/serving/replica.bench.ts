import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { emptyRecord } from '@app/aggregates';
import { freePort } from '../../../scripts/servers/free-port.mjs';
import { awaitUntil } from '../../support/await-until.js';
import { type ExporterProcess, startExporter } from '../../support/exporter-process.js';
import { bench, type PreparedBench, type Round } from '../framework/bench.js';
import { imageEnvironment } from '../framework/image-environment.js';
import { CLOCK, LargeState, SERIES_120K, type StateShape, scaled } from './large-state.js';
import { RedisState } from './redis-state.js';

/** Scrapes of one process before its memory is looked at, and the milliseconds between: fifteen times as often as is usual. */
const SCRAPES = 15;
const BETWEEN = 1_000;

/** A replica that starts beside a state that is there already. */
export const replicaBench = bench<StateShape>({
  name: 'replica',
  title: 'A replica on existing state of 120,000 series',
  ours: `the built exporter as a process of its own beside a real Redis that holds the state: from its start to 200 on /readyz, and its resident memory after ${SCRAPES} scrapes with gzip, a second apart, between which the state moves on`,
  peer: 'for the start the same exporter beside an empty Redis, from its start to 200 on /livez: what the machine takes to start it at all; for the memory a limit',
  target: 'ready in ≤ 3 s; RSS ≤ 300 MB',
  figures: [
    { name: 'ready', unit: 'ms', better: 'less', target: { of: 'ours', atMost: 3_000 } },
    { name: 'processor time until ready', unit: 'ms', better: 'less', target: null },
    { name: 'first whole scrape', unit: 'ms', better: 'less', target: null },
    {
      name: 'resident memory',
      unit: 'MB',
      better: 'less',
      target: { of: 'ours', judged: 'worst', atMost: 300 },
      guard: 'ours',
    },
    { name: 'most resident memory', unit: 'MB', better: 'less', target: null },
  ],
  sizes: { small: scaled(SERIES_120K, 0.25), target: SERIES_120K },
  describe: ({ users, teams, tags, active }) =>
    `${users} users and ${teams} teams × 25 models, ${tags} tags, ${active} keys`,
  prepare: async ({ shape, version }) => {
    const scene = await Scene.made(shape);
    version('Redis', await scene.redis.version());
    return scene;
  },
  notes: `PostgreSQL is not there: a replica serves without it, and what it does to be ready asks Redis alone. One whose turn it is to read
the stream has that to do besides; its memory under full rate is measured by the benches of the stream. On a machine that is busy with
other things the processor time says more of the start than the clock does.`,
  shortfall: `On a quiet machine the start of \`small\` took 1.1 to 1.6 s (1.3 s of processor, of which the process alone takes 0.8); on one
whose cores are taken by other things that is multiplied. Of the process alone most is the loading of modules, and hardly any of it source maps.
Loading 120,000 series takes some 0.75 s of processor once the code is warm; it took 1.0 before series kept the hash of their names, which
the growing index had asked for anew. The rest of it is decoding Redis' answers, setting pairs and garbage. Of the memory some 90 MB live after garbage is
collected (it was 150: totals in one array, names found by an index of ids instead of a map of texts, shared texts and lines kept as bytes
alone brought that); 50 MB are node itself, 33 MB its young generation, 35 MB the answer and its blocks. The rest is garbage of loading:
since blocks are made in the memory of earlier ones nothing outside of the heap calls for a full collection any more, and it stayed (312 MB, 278
to 319 in five rounds). V8 now collects once the heap has grown by a tenth, while the state is read already: 225 MB (223 to 228), in the same time.`,
});

class Scene implements PreparedBench {
  private constructor(
    readonly redis: RedisState,
    private readonly empty: RedisState,
  ) {}

  static async made(shape: StateShape): Promise<Scene> {
    const redis = await RedisState.opened();
    await redis.replace(new LargeState(shape).state);
    return new Scene(redis, await RedisState.opened());
  }

  async round(): Promise<Round> {
    const alive = await this.#alive();
    const began = performance.now();
    await using exporter = await startBeside(this.redis.server.url);
    await exporter.awaitReady(60_000);
    const ready = performance.now() - began;
    const processor = processorTimeOf(exporter.pid);
    const first = await this.#scrape(exporter);
    if (first < 10_000) throw new Error(`the first scrape has ${first} lines: that is not the state`);
    const whole = performance.now() - began;
    for (let scrape = 1; scrape < SCRAPES; scrape++) {
      await this.redis.commit(emptyRecord((this.redis.store.state?.version ?? 0) + 1, CLOCK));
      await setTimeout(BETWEEN);
      await this.#scrape(exporter);
    }
    return {
      ready: { ours: ready, peer: alive.clock },
      'processor time until ready': { ours: processor, peer: alive.processor },
      'first whole scrape': { ours: whole, peer: alive.clock },
      'resident memory': { ours: residentMemory(exporter.pid, 'VmRSS') },
      'most resident memory': { ours: residentMemory(exporter.pid, 'VmHWM') },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.redis[Symbol.asyncDispose](), this.empty[Symbol.asyncDispose]()]);
  }

  async #alive(): Promise<{ readonly clock: number; readonly processor: number }> {
    const began = performance.now();
    await using exporter = await startBeside(this.empty.server.url);
    const answers = async (): Promise<boolean> => (await fetch(`${exporter.origin}/livez`)).ok;
    await awaitUntil(answers, { timeout: 60_000, interval: 50, what: 'an answer of the exporter' });
    return { clock: performance.now() - began, processor: processorTimeOf(exporter.pid) };
  }

  /** @returns lines of the answer, which fetch unpacks */
  async #scrape({ origin }: ExporterProcess): Promise<number> {
    const response = await fetch(`${origin}/metrics`, { headers: { 'accept-encoding': 'gzip' } });
    return (await response.text()).split('\n').length;
  }
}

async function startBeside(redis: string): Promise<ExporterProcess> {
  const nobody = await freePort();
  return startExporter({
    env: {
      ...imageEnvironment(),
      ...{ DATABASE_URL: `postgresql://nobody:none@127.0.0.1:${nobody}/litellm`, REDIS_URL: redis, LOG_LEVEL: 'error' },
    },
  });
}

/** Megabytes of a process, as Linux counts them. */
function residentMemory(pid: number, what: 'VmRSS' | 'VmHWM'): number {
  const kilobytes = new RegExp(`${what}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return (Number(kilobytes) * 1_024) / 1e6;
}

/** Milliseconds of processor time that a process has taken so far; Linux counts in hundredths of a second. */
function processorTimeOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
