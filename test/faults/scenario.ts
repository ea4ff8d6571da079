import type { Needs } from './world/needs.js';
import type { World } from './world/world.js';

/** How often a scenario is run: in `npm test` too, in every full run, or only with `--long`. */
export type Form = 'short' | 'full' | 'long';

/** What a fault came to. */
export interface Happening {
  /** Seconds from the end of the fault (or from its beginning, where it has no end) until everything committed by then was in an answer. */
  readonly recovery: number;
  /** What else was to be seen. */
  readonly note?: string;
}

/** One fault, as data. Every scenario ends in the comparison of all families with SQL, whoever wrote it. */
export interface Scenario {
  readonly name: string;
  /** The fault in words, for the table. */
  readonly fault: string;
  readonly form: Form;
  readonly needs: Needs;
  /** Seconds that {@link Happening.recovery} may take on a machine that is quiet; see {@link World.limit}. */
  readonly within: number;
  /** Reasons of the new seeds that it has to lead to, in any order; none without it. A list of lists: any of them. */
  readonly seeds?: readonly string[] | readonly (readonly string[])[];
  /** What this machine lacks for it, in words; without it, or undefined, it can be run. */
  readonly obstacle?: () => string | undefined;
  /** Brings the fault about, with traffic running, and resolves when all is well again. */
  run(world: World): Promise<Happening>;
}
