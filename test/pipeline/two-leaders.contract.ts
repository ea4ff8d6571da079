import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { StoreMaker } from './crashing-world.js';
import { leaderCommands } from './leader-commands.js';
import {
  differences,
  namesIn,
  namesOf,
  recountCounters,
  recountGauges,
  shownCounters,
  shownGauges,
} from './recount.js';
import { TwoLeadersWorld } from './two-leaders-world.js';

/** `EXACTLY_ONCE_SEED` repeats a run; each run's seed is in the name of its test. */
const seed = Number(process.env.EXACTLY_ONCE_SEED ?? Date.now() % 0x7fffffff);

/** W3, W4, W7 and W8 with two processes of which the older one does not know that it was replaced, for any store. */
export function holdsWithTwoLeaders(runs: number, maker: () => StoreMaker): void {
  it(`W3, W4, W7, W8: whoever leads, and whoever believes to, every committed row counts once (seed ${seed})`, async () => {
    let usurpations = 0;
    let fenced = 0;
    const property = fc.asyncProperty(leaderCommands, async (all) => {
      const world = new TwoLeadersWorld(maker());
      try {
        await world.run(all);
        const began = world.seed as NonNullable<typeof world.seed>;
        for (const state of await world.states()) {
          expect(differences(shownGauges(state), recountGauges(world.server, began, state))).toEqual([]);
          expect(differences(shownCounters(state), recountCounters(world.server, began))).toEqual([]);
          expect(namesIn(state)).toEqual(namesOf(world.server));
        }
      } finally {
        await world.stop();
      }
      expect(world.violations).toEqual([]);
      usurpations += world.usurpations;
      fenced += world.fenced;
    });
    await fc.assert(property, { seed, numRuns: runs, endOnFailure: process.env.EXACTLY_ONCE_SHRINK === undefined });
    // How many there are is up to the seed; none at all would prove nothing.
    expect(usurpations).toBeGreaterThan(0);
    expect(fenced).toBeGreaterThan(0);
  }, 300_000);
}
