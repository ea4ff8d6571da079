// npm run bench [-- --only <name>,…] [-- --size small|target|full] [-- --write]; npm run bench:check; npm run bench:report
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { allBenches, chapters } from './all-benches.js';
import { BENCH_SIZES, type Bench, type BenchSize } from './framework/bench.js';
import { measuredText, numberText } from './framework/figures-text.js';
import { type RunResult, readResults, writeResult } from './framework/result-file.js';
import { compareResults, verdictOf } from './framework/verdict.js';
import { writeReport } from './framework/write-report.js';

const help = `npm run bench [-- options]

Measures the exporter beside its peers, one bench after another, each in a process of its own.

  --only    these benches: a,b,…
  --size    small (a minute or two each), target (what the target speaks of; without a word), full (beyond it, where a bench has it)
  --write   writes the results into docs/benchmarks/ and docs/BENCHMARKS.md
  --check   holds the results (of size small, unless --size says another) against the committed ones; fails past 25 % worse
  --rounds  another number of rounds, for trying out
  --report  writes docs/BENCHMARKS.md and its plots from what is committed, and measures nothing
  --list    names the benches and runs none`;

const { values: options } = parseArgs({
  options: {
    ...{ only: { type: 'string', multiple: true, default: [] as string[] }, size: { type: 'string' } },
    ...{ rounds: { type: 'string' }, write: { type: 'boolean', default: false } },
    ...{ check: { type: 'boolean', default: false }, report: { type: 'boolean', default: false } },
    ...{ list: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
  },
});

function chosenBenches(): readonly Bench[] {
  const names = options.only.flatMap((text) => text.split(','));
  const unknown = names.filter((name) => !allBenches.some((bench) => bench.name === name));
  if (unknown.length > 0) throw new Error(`no bench is called ${unknown.join(', ')}; --list names them`);
  return names.length === 0 ? allBenches : allBenches.filter(({ name }) => names.includes(name));
}

function chosenSize(): BenchSize {
  const size = options.size ?? (options.check ? 'small' : 'target');
  const known = BENCH_SIZES.find((one) => one === size);
  if (known === undefined) throw new Error(`--size is one of ${BENCH_SIZES.join(', ')}, not '${size}'`);
  return known;
}

/** In a process of its own: neither the heap nor the compiled code of one bench reaches the next. */
async function runApart({ name }: Bench, size: BenchSize): Promise<RunResult> {
  const entry = fileURLToPath(new URL('./run-one.ts', import.meta.url));
  const argv = [name, size, ...(options.rounds === undefined ? [] : [options.rounds])];
  const child = fork(entry, argv, { execArgv: [...process.execArgv, '--expose-gc'] });
  let result: RunResult | undefined;
  child.on('message', (message) => {
    result = message as RunResult;
  });
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  if (code !== 0 || result === undefined) throw new Error(`${name} ended with ${code} and without a result`);
  return result;
}

function tell({ figures }: Bench, run: RunResult): void {
  for (const figure of figures) {
    const result = run.figures[figure.name];
    if (result === undefined) continue;
    const verdict = verdictOf(figure, result);
    const judged =
      verdict === null ? '' : verdict.met ? ' (target reached)' : ` (${verdict.shortBy.toFixed(0)} % short)`;
    console.log(`  ${figure.name}: ${measuredText(figure, result)}${judged}`);
  }
  for (const [what, value] of Object.entries(run.facts)) console.log(`  ${what}: ${value}`);
}

/** Says how the run stands to the committed one; how many figures have fallen too far behind. */
function check(bench: Bench, size: BenchSize, run: RunResult): number {
  const committed = readResults(bench.name)[size];
  if (committed === undefined) {
    console.log(`  no committed result of size ${size}: npm run bench -- --only ${bench.name} --size ${size} --write`);
    return 1;
  }
  const comparisons = bench.figures.flatMap((figure) => {
    const [then, now] = [committed.figures[figure.name], run.figures[figure.name]];
    return (then && now && compareResults(figure, then, now)) ?? [];
  });
  for (const { figure, of, committed: then, now, worseBy, failed } of comparisons) {
    const change = `${Math.abs(worseBy * 100).toFixed(0)} % ${worseBy > 0 ? 'worse' : 'better'}`;
    console.log(`  ${failed ? 'FAIL' : 'ok  '} ${figure} (${of}): ${numberText(then)} → ${numberText(now)}, ${change}`);
  }
  return comparisons.filter(({ failed }) => failed).length;
}

async function measureAll(): Promise<number> {
  const size = chosenSize();
  if (options.write && options.rounds !== undefined)
    throw new Error('--rounds is for trying out: it goes without --write');
  let failures = 0;
  for (const bench of chosenBenches()) {
    if (bench.sizes[size] === undefined) {
      console.log(`${bench.name}: has no size '${size}', passed over`);
      continue;
    }
    console.log(`${bench.name} (${size}): ${bench.title}`);
    try {
      const run = await runApart(bench, size);
      tell(bench, run);
      if (options.check) failures += check(bench, size, run);
      if (options.write) {
        writeResult(bench.name, size, run);
        writeReport(allBenches, chapters);
      }
    } catch (error) {
      failures += 1;
      console.error(`  FAIL ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return failures;
}

async function main(): Promise<void> {
  if (options.help) return console.log(help);
  if (options.list)
    return console.log(
      chosenBenches()
        .map(({ name, title }) => `${name}: ${title}`)
        .join('\n'),
    );
  if (options.report) return writeReport(allBenches, chapters);
  process.exitCode = (await measureAll()) === 0 ? 0 : 1;
}

await main();
