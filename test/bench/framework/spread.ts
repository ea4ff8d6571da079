import type { Figure, Pair } from './bench.js';

/** The median of some values, and the least and the greatest of them. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly greatest: number;
}

/** What the rounds say of one figure. */
export interface FigureResult {
  readonly unit: string;
  readonly ours: Spread;
  readonly peer?: Spread;
  /** Of the rounds' own ratios ours ÷ peer, not of the medians: a round's noise strikes both. */
  readonly ratio?: Spread;
}

/** Throws for no values, and for one that is not a finite number. */
export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0 || !values.every(Number.isFinite)) throw new Error(`no spread of [${values.join(', ')}]`);
  const sorted = values.toSorted((one, other) => one - other);
  const at = (index: number): number => sorted[index] as number;
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2;
  return { median, least: at(0), greatest: at(sorted.length - 1) };
}

/** The spread of one figure over its rounds. Throws where some rounds have a peer's value and some have none. */
export function figureResult(figure: Figure, pairs: readonly Pair[]): FigureResult {
  const ours = spreadOf(pairs.map((pair) => pair.ours));
  const peers = pairs.flatMap((pair) => pair.peer ?? []);
  if (peers.length === 0) return { unit: figure.unit, ours };
  if (peers.length !== pairs.length) throw new Error(`${figure.name}: only some rounds have a value of the peer`);
  const ratio = spreadOf(pairs.map((pair) => pair.ours / (pair.peer as number)));
  return { unit: figure.unit, ours, peer: spreadOf(peers), ratio };
}
