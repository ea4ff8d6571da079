/** How much work a run does: `small` in a minute or two, for the guard; `target` as the target is worded; `full` beyond it. */
export const BENCH_SIZES = ['small', 'target', 'full'] as const;
export type BenchSize = (typeof BENCH_SIZES)[number];

/** Ours and the peer's value of one figure, taken in one round; the peer's is absent where there is only a limit. */
export interface Pair {
  readonly ours: number;
  readonly peer?: number;
}

/** Pairs of one round by the name of their figure. */
export type Round = Readonly<Record<string, Pair>>;

/** A bound on the ratio ours ÷ peer, or on our own value in the figure's unit. */
export interface Target {
  readonly of: 'ratio' | 'ours';
  /** The median of the rounds without a word; the worst of them where the target says "never", or is a limit of memory. */
  readonly judged?: 'median' | 'worst';
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** One thing that a bench measures. */
export interface Figure {
  /** Short, like `catch-up` or `p99`; the key of the rounds. */
  readonly name: string;
  /** Of both values, like `rows/s` or `ms`. */
  readonly unit: string;
  /** Which direction is good, for value and ratio alike. */
  readonly better: 'more' | 'less';
  /** `null`: reported, with nothing that it must reach. */
  readonly target: Target | null;
  /**
   * What `bench:check` holds against the committed result: the ratio, or our own value where it doesn't depend on the speed of the
   * machine (bytes, statements), or nothing. The ratio without a word, nothing where there is no peer.
   */
  readonly guard?: 'ratio' | 'ours' | 'none';
}

/** A plot that a bench draws from what it has measured. */
export interface Plot {
  /** Of the file, without `.svg`; unique among all benches. */
  readonly name: string;
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly lines: readonly PlotLine[];
}

/** An axis and what it counts. */
export interface Axis {
  readonly label: string;
  readonly scale: 'linear' | 'log';
}

/** One line of a plot. */
export interface PlotLine {
  readonly label: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** What a bench says beside its rounds. */
export interface Ending {
  /** Further figures by their description, written as they are: `'WAL'` → `'712 MB'`. */
  readonly facts?: Readonly<Record<string, string>>;
  readonly plots?: readonly Plot[];
}

/** A bench that stands ready: servers run, data is there. Disposing it ends all it has started. */
export interface PreparedBench extends AsyncDisposable {
  /** Measures ours and the peer once each. `warming` rounds come first and are thrown away. */
  round(index: number, warming: boolean): Promise<Round>;
  /** Called after the last round. */
  end?(): Promise<Ending>;
}

/** What the framework gives to a bench. */
export interface BenchContext<Shape> {
  readonly shape: Shape;
  readonly size: BenchSize;
  /** A line of progress on the terminal. */
  say(text: string): void;
  /** Names a server's version for the result: `version('PostgreSQL', '15.14')`. */
  version(program: string, version: string): void;
}

/** One benchmark. `Shape` is what a size means to it: numbers of rows, series and the like. */
export interface Bench<Shape = unknown> {
  /** In kebab case: names the file of results and `npm run bench:<name>`. */
  readonly name: string;
  readonly title: string;
  /** What is measured of ours, and what it is compared with (a limit in words where there is no peer), each as the end of a sentence. */
  readonly ours: string;
  readonly peer: string;
  /** In the words of the target, as the summary shows it. */
  readonly target: string;
  readonly figures: readonly Figure[];
  /** `small` and `target` are a must; `full` is run only when it is asked for. */
  readonly sizes: { readonly small: Shape; readonly target: Shape; readonly full?: Shape };
  /** A size in words, as the report shows it: `500,000 rows in transactions of 100`. */
  describe(shape: Shape): string;
  /** At least 5, which is what stands without a word. */
  readonly rounds?: number;
  /** Rounds that come first and don't count; 0 without a word. */
  readonly warmUp?: number;
  /** Markdown below the table: how it is measured, what stands in for what. */
  readonly notes?: string;
  /** Markdown, shown when a target is missed: what was tried, and what the profile shows. */
  readonly shortfall?: string;
  prepare(context: BenchContext<Shape>): Promise<PreparedBench>;
}

/** Keeps the shape of one bench typed and lets benches of all shapes stand in one list. */
export function bench<Shape>(declared: Bench<Shape>): Bench {
  return declared as Bench;
}

/** Measures ours and the peer one after the other; every other round the peer goes first. */
export async function inTurn(
  index: number,
  ours: () => Promise<number>,
  peer: () => Promise<number>,
): Promise<Required<Pair>> {
  if (index % 2 === 0) {
    const first = await ours();
    return { ours: first, peer: await peer() };
  }
  const first = await peer();
  return { ours: await ours(), peer: first };
}
