import type { Figure } from './bench.js';
import type { FigureResult } from './spread.js';

/** Whether a figure reaches its target, and by how much it doesn't. */
export interface Verdict {
  readonly met: boolean;
  /** In percent of the bound; 0 when it is met. */
  readonly shortBy: number;
}

/** `null` where nothing has to be reached. Throws where a ratio has a target and there was no peer. */
export function verdictOf({ name, target }: Figure, result: FigureResult): Verdict | null {
  if (target === null) return null;
  const spread = target.of === 'ours' ? result.ours : result.ratio;
  if (spread === undefined) throw new Error(`${name} has a target for its ratio, and no peer was measured`);
  const { atLeast, atMost } = target;
  const worst = atLeast === undefined ? spread.greatest : spread.least;
  const value = target.judged === 'worst' ? worst : spread.median;
  if (atLeast !== undefined && value < atLeast) return { met: false, shortBy: (100 * (atLeast - value)) / atLeast };
  if (atMost !== undefined && value > atMost) return { met: false, shortBy: (100 * (value - atMost)) / atMost };
  return { met: true, shortBy: 0 };
}

/** How far a new run may fall behind the committed one: 25 %. */
export const ALLOWED_LOSS = 0.25;

/** A guarded value then and now. */
export interface Comparison {
  readonly figure: string;
  readonly of: 'ratio' | 'ours';
  readonly committed: number;
  readonly now: number;
  /** Share by which it got worse; negative when it got better. */
  readonly worseBy: number;
  readonly failed: boolean;
}

/** Holds a new result of a figure against the committed one; `null` where the figure is not guarded. */
export function compareResults(figure: Figure, then: FigureResult, now: FigureResult): Comparison | null {
  const guard = figure.guard ?? (then.ratio === undefined ? 'none' : 'ratio');
  if (guard === 'none') return null;
  const before = then[guard]?.median;
  const after = now[guard]?.median;
  if (before === undefined || after === undefined) throw new Error(`${figure.name}: no ${guard} to compare`);
  const worseBy = lossOf(figure.better, before, after);
  return { figure: figure.name, of: guard, committed: before, now: after, worseBy, failed: worseBy > ALLOWED_LOSS };
}

function lossOf(better: Figure['better'], before: number, after: number): number {
  if (before === after) return 0;
  return better === 'more' ? before / after - 1 : after / before - 1;
}
