import { commit } from '../../support/commit.js';
import type { Bench, BenchContext, BenchSize, Ending, Round } from './bench.js';
import type { RunResult } from './result-file.js';
import { type FigureResult, figureResult } from './spread.js';
import { machine } from './surroundings.js';

/** What a run is asked for. */
export interface RunRequest {
  readonly size: BenchSize;
  readonly command: string;
  /** Another number of rounds than the bench declares; for trying out, never for a result that is kept. */
  readonly rounds?: number;
  say(text: string): void;
}

const LEAST_ROUNDS = 5;

/** Runs one bench in this process. Throws where it lacks the size or a round lacks a figure. */
export async function runBench(bench: Bench, request: RunRequest): Promise<RunResult> {
  const shape = bench.sizes[request.size];
  if (shape === undefined) throw new Error(`${bench.name} has no size '${request.size}'`);
  const versions: Record<string, string> = { node: process.versions.node };
  const began = { date: new Date().toISOString(), machine: machine(), commit: commit(), at: performance.now() };
  const context: BenchContext<unknown> = {
    shape,
    size: request.size,
    say: request.say,
    version: (program, version) => {
      versions[program] = version;
    },
  };
  const { rounds, ending } = await measure(bench, context, request);
  return {
    ...{ date: began.date, command: request.command, commit: began.commit, versions, machine: began.machine },
    described: bench.describe(shape),
    seconds: Math.round((performance.now() - began.at) / 1000),
    figures: figuresOf(bench, rounds),
    ...{ rounds, facts: ending.facts ?? {}, plots: ending.plots ?? [] },
  };
}

async function measure(
  bench: Bench,
  context: BenchContext<unknown>,
  request: RunRequest,
): Promise<{ rounds: Round[]; ending: Ending }> {
  const wanted = request.rounds ?? Math.max(LEAST_ROUNDS, bench.rounds ?? LEAST_ROUNDS);
  await using prepared = await bench.prepare(context);
  for (let index = 0; index < (bench.warmUp ?? 0); index += 1) await prepared.round(index, true);
  const rounds: Round[] = [];
  for (let index = 0; index < wanted; index += 1) {
    const round = await prepared.round(index, false);
    rounds.push(round);
    context.say(`round ${index + 1} of ${wanted}: ${roundText(bench, round)}`);
  }
  return { rounds, ending: (await prepared.end?.()) ?? {} };
}

function roundText({ figures }: Bench, round: Round): string {
  const texts = figures.map(({ name, unit }) => {
    const { ours, peer } = round[name] ?? { ours: Number.NaN };
    const compared = peer === undefined ? '' : `, peer ${peer.toPrecision(4)}, ratio ${(ours / peer).toFixed(3)}`;
    return `${name} ${ours.toPrecision(4)} ${unit}${compared}`;
  });
  return texts.join('; ');
}

function figuresOf({ name, figures }: Bench, rounds: readonly Round[]): Record<string, FigureResult> {
  const results = figures.map((figure) => {
    const pairs = rounds.map((round) => {
      const pair = round[figure.name];
      if (pair === undefined) throw new Error(`a round of ${name} lacks ${figure.name}`);
      return pair;
    });
    return [figure.name, figureResult(figure, pairs)] as const;
  });
  return Object.fromEntries(results);
}
