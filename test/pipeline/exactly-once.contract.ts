import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { commands } from './commands.js';
import { CrashingWorld, type StoreMaker } from './crashing-world.js';
import {
  differences,
  namesIn,
  namesOf,
  recountCounters,
  recountGauges,
  shownCounters,
  shownGauges,
} from './recount.js';

/** `EXACTLY_ONCE_SEED` repeats a run; each run's seed is in the name of its test. */
const seed = Number(process.env.EXACTLY_ONCE_SEED ?? Date.now() % 0x7fffffff);

/** W3 and W8 under crashes of session and process at every point, for any store. `maker` gives each run its own. */
export function holdsExactlyOnce(runs: number, maker: () => StoreMaker): void {
  it(`W2, W3, W8: whatever crashes and wherever, every committed row counts once (seed ${seed})`, async () => {
    let crashes = 0;
    const property = fc.asyncProperty(commands, async (all) => {
      const world = new CrashingWorld(maker());
      try {
        await world.run(all);
        crashes += world.crashes;
        expect(world.violations).toEqual([]);
        const began = world.seed as NonNullable<typeof world.seed>;
        expect(differences(shownGauges(world.state), recountGauges(world.server, began, world.state))).toEqual([]);
        expect(differences(shownCounters(world.state), recountCounters(world.server, began))).toEqual([]);
        expect(namesIn(world.state)).toEqual(namesOf(world.server));
      } finally {
        await world.stop();
      }
    });
    await fc.assert(property, { seed, numRuns: runs, endOnFailure: process.env.EXACTLY_ONCE_SHRINK === undefined });
    // How many there are is up to the seed; none at all would prove nothing.
    expect(crashes).toBeGreaterThan(0);
  }, 300_000);
}
