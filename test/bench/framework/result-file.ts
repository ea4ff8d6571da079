import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Bench, BenchSize, Plot, Round } from './bench.js';
import type { FigureResult } from './spread.js';
import type { Machine } from './surroundings.js';

/** One run of a bench, as it is committed. */
export interface RunResult {
  readonly date: string;
  readonly command: string;
  readonly commit: string;
  /** Of node and of every server that took part. */
  readonly versions: Readonly<Record<string, string>>;
  readonly machine: Machine;
  /** The size in words. */
  readonly described: string;
  readonly seconds: number;
  readonly figures: Readonly<Record<string, FigureResult>>;
  readonly rounds: readonly Round[];
  readonly facts: Readonly<Record<string, string>>;
  readonly plots: readonly Plot[];
}

/** The latest run of each size of one bench. */
export type BenchResults = Partial<Record<BenchSize, RunResult>>;

/** Where results, plots and the report lie. */
export const DOCS = fileURLToPath(new URL('../../../docs/', import.meta.url));
const fileOf = (name: string): string => `${DOCS}benchmarks/${name}.json`;

/** What has been committed of a bench; nothing where it has not been run. */
export function readResults(name: string): BenchResults {
  const file = fileOf(name);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as BenchResults) : {};
}

/** Results of many benches by their names. */
export function allResults(benches: readonly Bench[]): ReadonlyMap<string, BenchResults> {
  return new Map(benches.map(({ name }) => [name, readResults(name)]));
}

/** Puts a run in the place of the last one of its size; runs of other sizes stay. */
export function writeResult(name: string, size: BenchSize, run: RunResult): void {
  const { small, target, full }: BenchResults = { ...readResults(name), [size]: run };
  const ordered = { ...(small && { small }), ...(target && { target }), ...(full && { full }) };
  mkdirSync(`${DOCS}benchmarks`, { recursive: true });
  writeFileSync(fileOf(name), `${JSON.stringify(rounded(ordered), null, 2)}\n`);
}

/** Six digits are more than any of these figures has. */
function rounded(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_, one) => (typeof one === 'number' ? Number(one.toPrecision(6)) : one));
}
