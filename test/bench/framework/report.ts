import { BENCH_SIZES, type Bench, type BenchSize, type Figure } from './bench.js';
import { measuredText, ratioText, spreadText, targetText } from './figures-text.js';
import type { BenchResults, RunResult } from './result-file.js';
import type { FigureResult } from './spread.js';
import { verdictOf } from './verdict.js';

/** A part of the report that is written from the results of several benches. */
export type Chapter = (results: ReadonlyMap<string, BenchResults>) => string;

/** All that the report is made of. */
export interface ReportParts {
  readonly benches: readonly Bench[];
  readonly results: ReadonlyMap<string, BenchResults>;
  readonly chapters: readonly Chapter[];
}

const head = `# Benchmarks

Written by \`npm run bench -- --write\` from [docs/benchmarks/](benchmarks/); don't edit it by hand. Each figure is a ratio of two
things that were measured in one run, in turn, at least five times: the median of the rounds' ratios, and in brackets the least and the
greatest. Absolute figures depend on the machine and on what else it had to do; ratios survive that. Rows are of different days and
commits, as each says.

Rows of spend logs are the simulator's: 31 columns, about 1.4 kB. \`small\` is what \`npm run bench:check\` runs again, and fails when a ratio
is more than 25 % worse than the one here; \`target\` is the size that the target speaks of, \`full\` goes beyond it. A small run can miss a
target, and not reach it: where it would, the table says "so far". What must never be, and what is a limit of memory, is judged by the worst
round, all else by the median. A \`+\` behind a commit: with changes that were not committed yet.
`;

/** The whole of docs/BENCHMARKS.md. */
export function renderReport({ benches, results, chapters }: ReportParts): string {
  const sections = benches.map((bench) => sectionOf(bench, results.get(bench.name) ?? {}));
  const texts = [head, summary(benches, results), ...sections, ...chapters.map((chapter) => chapter(results))];
  return `${texts
    .map((text) => text.trim())
    .filter((text) => text !== '')
    .join('\n\n')}\n`;
}

function summary(benches: readonly Bench[], results: ReadonlyMap<string, BenchResults>): string {
  const columns = '| what | beside | target | measured | reached | size | date |\n|---|---|---|---|---|---|---|';
  const rows = benches.map((bench) => {
    const best = shownRun(results.get(bench.name) ?? {});
    const link = `[${bench.title}](#${anchorOf(bench.title)})`;
    if (best === undefined) return row([link, bench.peer, bench.target, 'not run yet', '', '', '']);
    const { size, run } = best;
    const judged = bench.figures.filter(({ target }) => target !== null);
    const shown = (judged.length > 0 ? judged : bench.figures).filter(({ name }) => run.figures[name] !== undefined);
    const measured = shown.map((figure) => `${figure.name}: ${measuredText(figure, resultOf(run, figure))}`);
    const reached = judged.map((figure) => verdictText(figure, best));
    return row([
      ...[link, bench.peer, bench.target, measured.join('<br>'), reached.join('<br>') || '–'],
      ...[size, run.date.slice(0, 10)],
    ]);
  });
  return `${columns}\n${rows.join('\n')}`;
}

/** The size that the target speaks of counts; a small run stands in until there is one. */
function shownRun(results: BenchResults): SizedRun | undefined {
  const sizes = (['target', 'full', 'small'] as const).filter((one) => results[one] !== undefined);
  const [size] = sizes;
  const run = size && results[size];
  return run && { size, run };
}

/** A small run reaches nothing: it shows that a target is missed, or that it holds so far. */
function verdictText(figure: Figure, { size, run }: SizedRun): string {
  const result = run.figures[figure.name];
  const verdict = result && verdictOf(figure, result);
  if (verdict === null || verdict === undefined) return '–';
  const { met, shortBy } = verdict;
  if (!met) return `no, ${shortBy < 1 ? shortBy.toPrecision(1) : shortBy.toFixed(0)} % short`;
  return size === 'small' ? 'so far' : 'yes';
}

function sectionOf(bench: Bench, results: BenchResults): string {
  const runs = BENCH_SIZES.flatMap((size) => {
    const run = results[size];
    return run === undefined ? [] : [{ size, run }];
  });
  const intro = `Ours: ${bench.ours}. Beside it: ${bench.peer}. Target: ${bench.target}.`;
  const again = `Again: \`npm run bench:${bench.name}\`.`;
  const parts = [`## ${bench.title}`, `${intro} ${again}`, figuresTable(bench, runs), ...runs.map(factsOf)];
  const plots = runs.at(-1)?.run.plots ?? [];
  parts.push(...plots.map(({ name, title }) => `![${title}](benchmarks/${name}.svg)`));
  if (bench.notes !== undefined) parts.push(bench.notes);
  if (bench.shortfall !== undefined && runs.some(({ run }) => misses(bench, run))) {
    parts.push(`### ${bench.title}: what was tried, and what the profile shows`, bench.shortfall);
  }
  return parts.filter((part) => part !== '').join('\n\n');
}

function misses({ figures }: Bench, run: RunResult): boolean {
  return figures.some((figure) => {
    const result = run.figures[figure.name];
    return result !== undefined && verdictOf(figure, result)?.met === false;
  });
}

type SizedRun = { readonly size: BenchSize; readonly run: RunResult };

function figuresTable({ figures }: Bench, runs: readonly SizedRun[]): string {
  if (runs.length === 0) return 'Not run yet.';
  const columns =
    '| figure | size | ours | beside it | ours ÷ peer | target | reached |\n|---|---|---|---|---|---|---|';
  const rows = runs.flatMap(({ size, run }) =>
    figures
      .filter(({ name }) => run.figures[name] !== undefined)
      .map((figure) => {
        const { ours, peer, ratio, unit } = resultOf(run, figure);
        const values = [`${spreadText(ours)} ${unit}`, peer ? `${spreadText(peer)} ${unit}` : '–'];
        const compared = [ratio ? ratioText(ratio) : '–', targetText(figure), verdictText(figure, { size, run })];
        return row([figure.name, size, ...values, ...compared]);
      }),
  );
  return `${columns}\n${rows.join('\n')}`;
}

function resultOf(run: RunResult, { name }: Figure): FigureResult {
  const result = run.figures[name];
  if (result === undefined) throw new Error(`the run of ${run.date} has no figure ${name}`);
  return result;
}

function factsOf({ size, run }: SizedRun): string {
  const { described, machine, versions, commit, command, rounds } = run;
  const programs = Object.entries(versions).map(([program, version]) => `${program} ${version}`);
  const where = `${machine.cores} cores (${machine.model}, load ${machine.load}), ${machine.memory} GB`;
  const line = `\`${size}\`: ${described}; ${rounds.length} rounds, ${run.date.slice(0, 10)}, \`${command}\`, commit ${commit}, ${programs.join(', ')}, ${where}.`;
  const facts = Object.entries(run.facts).map(([what, value]) => `- ${what}: ${value}`);
  return facts.length === 0 ? line : `${line}\n\n${facts.join('\n')}`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

/** The anchor that GitHub gives to a heading. */
function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\- ]/gu, '')
    .replaceAll(' ', '-');
}
