import fc from 'fast-check';
import type { StorePoint } from '../support/faulty-store.js';
import { type Command, commands } from './commands.js';

/** A leader is replaced without noticing it, while one of its calls is on its way to the store. */
export interface Usurpation {
  /** Which call: what it names is about to be done (`store`), or done and not answered yet (`stored`). */
  readonly point: StorePoint;
  /** How often leaders pass the point before. */
  readonly after: number;
  /** How many commands later the call goes on. */
  readonly commands: number;
}

/** One thing that happens in a run of two processes. */
export type LeaderCommand = Command | { readonly kind: 'usurp'; readonly usurpation: Usurpation };

const usurpation: fc.Arbitrary<Usurpation> = fc.record({
  point: fc.constantFrom('store', 'store', 'store', 'stored', 'stored', 'durable', 'claim', 'replace', 'replaced'),
  after: fc.constantFrom(0, 0, 1, 4),
  commands: fc.constantFrom(0, 2, 6, 15, 60),
});

/** A run: transactions, crashes, pauses, and leaders that are replaced. */
export const leaderCommands: fc.Arbitrary<LeaderCommand[]> = fc
  .tuple(commands, fc.array(fc.tuple(fc.nat(59), usurpation), { minLength: 1, maxLength: 8 }))
  .map(([usual, usurpations]) => {
    const all: LeaderCommand[] = [...usual];
    for (const [at, one] of usurpations) all.splice(at % all.length, 0, { kind: 'usurp', usurpation: one });
    return all;
  });
