import { bench, type Figure, inTurn, type PreparedBench, type Round } from '../framework/bench.js';
import { LargeState, SERIES_120K, type StateShape, scaled } from './large-state.js';
import { longestHold, processorTime } from './processor-time.js';
import { PromClientTwin } from './prom-client-twin.js';
import { Scraper } from './scraper.js';

/** A sixth, as the target says. */
const A_SIXTH = { of: 'ratio', atMost: 1 / 6 } as const;

/** What has changed since the scrape before: at 15 seconds between scrapes, a twentieth is 400 rows a second. */
const CHANGES = { 'nothing new': 0, '5 % new': 0.05, 'all new': 1 } as const;

const FIGURES: readonly Figure[] = [
  ...(Object.keys(CHANGES) as (keyof typeof CHANGES)[]).flatMap((change): Figure[] => [
    { name: change, unit: 'ms', better: 'less', target: A_SIXTH },
    { name: `${change}, gzip`, unit: 'ms', better: 'less', target: A_SIXTH },
  ]),
  { name: '5 % new, gzip on both sides', unit: 'ms', better: 'less', target: null },
  { name: 'event loop held', unit: 'ms', better: 'less', target: { of: 'ours', judged: 'worst', atMost: 20 } },
];

/** Scrapes in a row that one measurement is the mean of. */
const SCRAPES = 3;

/** A scrape as the exporter answers it, against prom-client's rendering of the same series. */
export const scrapeBench = bench<StateShape>({
  name: 'scrape',
  title: 'Scrape of 120,000 series',
  ours: 'a whole scrape (every family joined and written from the state, self-metrics, gzip where the figure says so, sent to a client that takes all)',
  peer: 'prom-client 15 rendering the same series to text, without gzip unless the figure says so; for the event loop a limit',
  target: '≤ 1/6 of the time, event loop never held > 20 ms, gzip included',
  figures: FIGURES,
  sizes: { small: scaled(SERIES_120K, 0.25), target: SERIES_120K },
  describe: ({ users, teams, tags, active, busy }) =>
    `${users} users and ${teams} teams × 25 models, ${tags} tags, ${active} keys, ${busy} users active in the last minute`,
  rounds: 7,
  warmUp: 3,
  prepare: async ({ shape, say, version }) => {
    version('prom-client', '15.1.3');
    const scene = await Scene.made(shape);
    say(`${scene.series} series, ${(scene.bytes / 1e6).toFixed(1)} MB`);
    return scene;
  },
  notes: `Times are processor time of all threads, so that other work on the machine does not count; the longest hold of the event loop is
taken in passes of its own, as the processor time of its longest turn, and on the clock beside it. \`5 % new\` picks series at random, which
is harder than traffic: there the same ones change again and again.

Profiles (\`--cpu-prof\`) led the way. Putting lines together and spelling numbers came first: so lines stand as bytes in blocks of some
250 series, a block in which nothing has changed is taken as it is, deflated form included, and into a new one unchanged lines are copied
in runs. Where blocks begin belongs to the series, so that one that comes or goes changes its block alone. Then garbage: a deflate
stream for each chunk took 130 MB outside of the heap in one answer, for which V8 collected all the time; now there is one for all
chunks. Then garbage again: a block is made in the memory of one that no
answer has any more, which takes 12 MB of new memory outside of the heap, and a full collection every fourth answer, from an answer in
which all blocks change; and families emit from one array that they fill anew. (V8 had seen the arrays of the first answer survive, as the
names of remembered series, and made those of all later answers in the old generation: 8 of the 10 MB of garbage that an answer left
there.) Neighbouring blocks are deflated together where all are new, in pieces of 128 kB, and alone where their neighbours stay. What is
left when little changes is the join of series with entities (a third each: users' spend, keys' spend, rates); when everything is new,
V8's shortest spelling of a double, 0.2 µs a number.`,
  shortfall: `Text without changes is within a sixth, with gzip too, and text with a twentieth new is near it. Processor time of one answer
before and after blocks were made in memory that others have given back and deflated together, means of 40: nothing new 50 → 44 ms, 5 % new 90 →
58 to 61, with gzip 158 → 105 to 123; single answers still take 180 and 219 ms, where V8 collects. With a twentieth of all series picked at random every block has a change (0.95 to the power of
256, and of 64 the same), so that all is deflated again. The floor of that is zlib itself: 33 ms for 14 MB at the fastest level, in one
piece or in many, where a whole sixth is 52 ms and an answer without changes takes 40: with zlib gzip of such answers is out of reach. Each call
into the thread pool costs 25 µs besides: 45 to 49 ms a block at a time, 34 to 38 in pieces of four blocks, 33 in larger ones.

When every number is new, spelling 90,000 doubles that are no whole numbers (25 to 35 ms) and copying 14 MB stand besides; whole ones V8
remembers the spelling of (12 ns each, as fast as digit by digit).

Tried and left: an encoder of our own that keeps, for each line, what it repeats of the line above and writes the rest with one fixed table of
Huffman codes: 16 ms instead of 35, and 1.78 MB instead of 1.47. By estimate that is not enough for a sixth (73 ms of 52), and it is one more
compressor to answer for. No well kept binding of libdeflate, zlib-ng or ISA-L with binaries for both processors and both C libraries was found on npm.
Lines as strings that are joined (half as long again), smaller deflate windows and memory levels (no faster, larger answers), Huffman or run-length
strategies (six times the bytes, no faster), several chunks in the pool at a time (more processor). Blocks of 64 or 32 series instead
of 256, so that more of them stay: with the memory of blocks used again little is left of their gain (one run each: text 63 and 65 against 59 ms, gzip, in pieces of
many blocks, 122 and 156 against 110). Not tried: to keep the series that change together, which would help traffic and
not this bench, whose changes are spread at random; and a state that tells which series have changed, so that the join need not visit all.`,
});

class Scene implements PreparedBench {
  readonly #large: LargeState;
  readonly #scraper = new Scraper();
  readonly #twin = new PromClientTwin();
  #longestOnClock = 0;
  #gzipBytes = 0;
  series = 0;
  bytes = 0;

  private constructor(shape: StateShape) {
    this.#large = new LargeState(shape);
  }

  static async made(shape: StateShape): Promise<Scene> {
    const scene = new Scene(shape);
    const chunks: Buffer[] = [];
    scene.bytes = await scene.#scrape(false, (chunk) => chunks.push(chunk));
    scene.series = await scene.#twin.take(Buffer.concat(chunks).toString());
    return scene;
  }

  async round(index: number): Promise<Round> {
    const round: Record<string, Round[string]> = {};
    for (const [name, share] of Object.entries(CHANGES)) {
      round[name] = await this.#compared(index, share, [false, false]);
      round[`${name}, gzip`] = await this.#compared(index, share, [true, false]);
    }
    round['5 % new, gzip on both sides'] = await this.#compared(index, 0.05, [true, true]);
    round['event loop held'] = { ours: await this.#held() };
    return round;
  }

  async end() {
    const sizes = [this.bytes, this.#gzipBytes].map((bytes) => (bytes / 1e6).toFixed(1));
    const clock = `${this.#longestOnClock.toFixed(0)} ms`;
    return {
      facts: {
        series: `${this.series}, ${sizes[0]} MB of text, ${sizes[1]} MB as gzip`,
        'longest hold of the event loop on the clock, with all that the machine did meanwhile': clock,
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#twin[Symbol.asyncDispose]();
  }

  #compared(
    index: number,
    share: number,
    [ours, theirs]: readonly [gzip: boolean, gzip: boolean],
  ): Promise<Round[string]> {
    return inTurn(
      index,
      () => this.#ours(share, ours),
      () => this.#twin.scrape(SCRAPES, theirs),
    );
  }

  /** What changes between scrapes is not part of them. */
  async #ours(share: number, gzip: boolean): Promise<number> {
    let milliseconds = 0;
    for (let time = 0; time < SCRAPES; time++) {
      this.#large.change(share);
      milliseconds += await processorTime(1, () => this.#scrape(gzip));
    }
    return milliseconds / SCRAPES;
  }

  async #held(): Promise<number> {
    let longest = 0;
    for (const share of Object.values(CHANGES)) {
      this.#large.change(share);
      const { processor, clock } = await longestHold(() => this.#scrape(true));
      longest = Math.max(longest, processor);
      this.#longestOnClock = Math.max(this.#longestOnClock, clock);
    }
    return longest;
  }

  async #scrape(gzip: boolean, take?: (chunk: Buffer) => void): Promise<number> {
    const bytes = await this.#scraper.scrape(this.#large.state, take === undefined ? { gzip } : { gzip, take });
    if (gzip) this.#gzipBytes = bytes;
    return bytes;
  }
}
