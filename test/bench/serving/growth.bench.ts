import { AggregateState, SeedFold } from '@app/aggregates';
import type { SpendFact } from '@app/litellm';
import { key, team, user } from '../../support/fake-state.js';
import { fact } from '../../support/given-fact.js';
import { bench, type Pair, type PreparedBench, type Round } from '../framework/bench.js';
import { CLOCK, LargeState, SERIES_120K, SETTINGS, scaled } from './large-state.js';
import { heldBytes } from './memory.js';
import { processorTime } from './processor-time.js';
import { randomFrom } from './random.js';
import { Scraper } from './scraper.js';

/** Rows and series at the beginning; both grow to ten times as much. */
interface Growth {
  readonly rows: number;
  readonly series: number;
}

const FACTORS = [1, 3, 10] as const;
const SCRAPES = 3;
const DAYS = 28;
const OWNERS = { users: 40, teams: 8, models: 10, tags: 20, keys: 60 } as const;

/** One state that stands ready to be scraped. */
interface Grown {
  readonly factor: number;
  readonly state: AggregateState;
  readonly scraper: Scraper;
  readonly bytes: number;
  readonly size: number;
  readonly times: number[];
  touch(): void;
}

/** What ten times the rows, and ten times the series, cost. */
export const growthBench = bench<Growth>({
  name: 'growth',
  title: 'Growth with rows and with series',
  ours: 'memory and scrape (with gzip) at ten times the rows of the same series, and at ten times the series',
  peer: 'the same at one time',
  target: '10 × rows: within 1.2 ×; 10 × series: within 12 ×',
  figures: [
    { name: 'memory, 10 × rows', unit: 'MB', better: 'less', target: { of: 'ratio', atMost: 1.2 } },
    { name: 'scrape, 10 × rows', unit: 'ms', better: 'less', target: { of: 'ratio', atMost: 1.2 }, guard: 'none' },
    { name: 'memory, 10 × series', unit: 'MB', better: 'less', target: { of: 'ratio', atMost: 12 } },
    { name: 'scrape, 10 × series', unit: 'ms', better: 'less', target: { of: 'ratio', atMost: 12 } },
  ],
  sizes: { small: { rows: 60_000, series: 4_000 }, target: { rows: 300_000, series: 12_000 } },
  describe: ({ rows, series }) =>
    `${rows.toLocaleString('en')} to ${(10 * rows).toLocaleString('en')} rows over ${DAYS} days, about ${series.toLocaleString('en')} to ${(10 * series).toLocaleString('en')} series`,
  rounds: 7,
  warmUp: 3,
  prepare: async ({ shape, say }) => Scene.made(shape, say),
  notes: `Rows are folded as a seed folds them, drawn evenly from ${OWNERS.users} users, ${OWNERS.models} models, ${OWNERS.tags} tags and
${OWNERS.keys} keys. Memory is what live objects hold after garbage is collected; times are processor time of all threads.`,
});

class Scene implements PreparedBench {
  private constructor(
    private readonly byRows: readonly Grown[],
    private readonly bySeries: readonly Grown[],
  ) {}

  static async made({ rows, series }: Growth, say: (text: string) => void): Promise<Scene> {
    const byRows: Grown[] = [];
    for (const factor of FACTORS) byRows.push(await grown(factor, rows * factor, () => ofRows(rows * factor)));
    const bySeries: Grown[] = [];
    for (const factor of FACTORS) bySeries.push(await grown(factor, series * factor, () => ofSeries(series * factor)));
    const megabytes = (all: readonly Grown[]) => all.map(({ bytes }) => (bytes / 1e6).toFixed(1)).join(', ');
    say(`memory by rows ${megabytes(byRows)} MB, by series ${megabytes(bySeries)} MB`);
    return new Scene(byRows, bySeries);
  }

  async round(index: number, warming: boolean): Promise<Round> {
    const [rows, series] = [
      await this.#pairs(index, warming, this.byRows),
      await this.#pairs(index, warming, this.bySeries),
    ];
    return {
      ...{ 'memory, 10 × rows': rows.memory, 'scrape, 10 × rows': rows.scrape },
      ...{ 'memory, 10 × series': series.memory, 'scrape, 10 × series': series.scrape },
    };
  }

  async end() {
    const line = (all: readonly Grown[], value: (one: Grown) => number) =>
      all.map((one) => [one.size, value(one)] as const);
    const megabytes = ({ bytes }: Grown): number => bytes / 1e6;
    const milliseconds = ({ times }: Grown): number =>
      times.toSorted((one, other) => one - other)[times.length >> 1] ?? 0;
    const plot = (what: 'rows' | 'series', all: readonly Grown[]) => ({
      ...{ name: `growth-${what}`, title: `Memory and scrape by ${what}` },
      x: { label: what === 'rows' ? 'rows in the window' : 'series (about)', scale: 'log' as const },
      y: { label: 'MB, or ms of processor time', scale: 'log' as const },
      lines: [
        { label: 'memory (MB)', points: line(all, megabytes) },
        { label: 'scrape with gzip (ms)', points: line(all, milliseconds) },
      ],
    });
    return { plots: [plot('rows', this.byRows), plot('series', this.bySeries)] };
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #pairs(index: number, warming: boolean, all: readonly Grown[]): Promise<{ memory: Pair; scrape: Pair }> {
    const times = new Map<number, number>();
    for (const one of index % 2 === 0 ? all : all.toReversed()) {
      let milliseconds = 0;
      for (let time = 0; time < SCRAPES; time++) {
        one.touch();
        milliseconds += await processorTime(1, () => one.scraper.scrape(one.state, { gzip: true }));
      }
      times.set(one.factor, milliseconds / SCRAPES);
      if (!warming) one.times.push(milliseconds / SCRAPES);
    }
    const of = (value: (one: Grown) => number): Pair => ({
      ours: value(all.at(-1) as Grown),
      peer: value(all[0] as Grown),
    });
    return { memory: of(({ bytes }) => bytes / 1e6), scrape: of(({ factor }) => times.get(factor) as number) };
  }
}

async function grown(
  factor: number,
  size: number,
  make: () => { state: AggregateState; touch: () => void },
): Promise<Grown> {
  const before = await heldBytes();
  const made = make();
  const scraper = new Scraper();
  await scraper.scrape(made.state, { gzip: true });
  return { factor, size, scraper, ...made, bytes: (await heldBytes()) - before, times: [] };
}

function ofSeries(series: number): { state: AggregateState; touch: () => void } {
  const large = new LargeState(scaled(SERIES_120K, series / 120_000));
  return { state: large.state, touch: () => large.change(0.05) };
}

function ofRows(rows: number): { state: AggregateState; touch: () => void } {
  const seed = new SeedFold({
    settings: SETTINGS,
    snapshotTime: CLOCK,
    before: null,
    lastCommitTime: null,
    reason: 'first',
  });
  seed.entities([
    ...Array.from({ length: OWNERS.users }, (_, at) => user(`user-${at}`)),
    ...Array.from({ length: OWNERS.teams }, (_, at) => team(`team-${at}`)),
    ...Array.from({ length: OWNERS.keys }, (_, at) => key(`key-${at}`, { keyAlias: `alias-${at}` })),
  ]);
  const random = randomFrom(7);
  for (let done = 0; done < rows; done += 10_000) {
    for (let row = done; row < Math.min(done + 10_000, rows); row++) {
      const fact = someFact(random);
      seed.row(fact, fact);
    }
    seed.sliceDone();
  }
  const state = seed.finish(null, { keepBefore: false, since: CLOCK - 30 * 86_400_000, seconds: 1 }) as AggregateState;
  return { state, touch: () => state.raiseVersion(state.version + 1) };
}

function someFact(random: () => number): SpendFact {
  const any = (count: number): number => Math.floor(random() * count);
  const startTime = CLOCK - any(DAYS * 86_400) * 1_000;
  const model = `provider/model-${any(OWNERS.models)}`;
  return fact({
    ...{ startTime, endTime: startTime + 1_000, model, modelGroup: model, modelId: model, spend: random() },
    ...{ user: `user-${any(OWNERS.users)}`, teamId: `team-${any(OWNERS.teams)}`, apiKey: `key-${any(OWNERS.keys)}` },
    tags: [`tag-${any(OWNERS.tags)}`],
  });
}
