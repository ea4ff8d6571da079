import { bench, type Figure, type PreparedBench, type Round } from '../framework/bench.js';
import { LargeStepWorld, type StepCost } from './large-step-world.js';

/** What a size means: pairs that one transaction touches, and keys that one writes. */
interface LargeSteps {
  readonly things: number;
}

const MB = 1e6;

/** What is measured of either step, and how it is told from its cost. */
const MEASURES = {
  'until it is current': { unit: 's', of: ({ seconds }: StepCost) => seconds },
  'until it is folded': { unit: 's', of: ({ foldSeconds }: StepCost) => foldSeconds },
  'memory of the exporter': { unit: 'MB', of: ({ memory }: StepCost) => Math.max(0, memory) / MB },
  'memory of Redis': { unit: 'MB', of: ({ redisMemory }: StepCost) => redisMemory / MB },
  'event loop held': { unit: 'ms', of: ({ held }: StepCost) => held },
} as const;

const STEPS = ['pairs', 'keys'] as const;

/** A script holds every reader of Redis up (DESIGN: below 5 ms). */
const SHORT = { of: 'ours', judged: 'worst', atMost: 5 } as const;

const FIGURES: readonly Figure[] = STEPS.flatMap((step): Figure[] => [
  { name: `${step}: longest script`, unit: 'ms', better: 'less', target: SHORT },
  ...Object.entries(MEASURES).map(
    ([name, { unit }]): Figure => ({ name: `${step}: ${name}`, unit, better: 'less', target: null }),
  ),
]);

/** One transaction that touches a million pairs, and one that writes a million keys, stored in Redis. */
export const largeStepsBench = bench<LargeSteps>({
  name: 'large-steps',
  title: 'Steps of a million things in Redis',
  ours: 'one step that gives a million series a new value (`pairs`), and one that writes a million keys, as `/global/spend/reset` does (`keys`), from the record to the state that is current, and on to the base',
  peer: 'a limit: no script longer than 5 ms, and memory that follows from what the step touches',
  target: 'no script > 5 ms',
  figures: FIGURES,
  sizes: { small: { things: 50_000 }, target: { things: 1_000_000 } },
  describe: ({ things }) => `${things.toLocaleString('en')} series and as many keys`,
  prepare: async ({ shape, say, version }) => {
    const world = await LargeStepWorld.open(shape.things);
    version('Redis', world.version);
    say('the state is stored');
    return new LargeStepsRun(world);
  },
  notes: `The longest script is what Redis' SLOWLOG says. The server runs with real-time priority (\`chrt\`), because the clock of SLOWLOG goes on
while a server waits for a processor in the middle of a script. Memory is what the process had at most beyond what it had before (VmHWM),
and Redis beyond its own before; the record itself, which the pipeline makes, was there before. A step is cut into slices of 2,000 things,
each encoded and staged on its own; one small script makes all of them current, and the fold writes them in pieces of 256 fields, some
1.5 ms each. It is applied to the state that is served in turns of 5 ms, while scrapes wait for the end of it, so that none sees half of a step (W6).

What was found and mended: the script that ended a fold dropped all staged parts at once, and took 31 ms for a thousand of them, as UNLINK
frees a large string on the spot; now it drops 16 a call. The bucket of a million new pairs made a view for each of them whenever it grew,
which held the event loop for 0.7 s of the 0.83 s that the longest turn took; it grows value by value, and the longest turn takes 0.15 to 0.3 s. What is left is that
growth, and garbage: the longest turns of the keys are those of the collector. Encoding is most of what a million keys cost: some
14 µs each, once for the log and once for the base.`,
});

class LargeStepsRun implements PreparedBench {
  #round = 0;

  constructor(private readonly world: LargeStepWorld) {}

  async round(): Promise<Round> {
    this.#round += 1;
    const costs = {
      pairs: await this.world.cost(this.world.pairs(this.#round)),
      keys: await this.world.cost(this.world.keys(this.#round)),
    };
    const figures = STEPS.flatMap((step) => [
      [`${step}: longest script`, { ours: costs[step].longestScript }] as const,
      ...Object.entries(MEASURES).map(([name, { of }]) => [`${step}: ${name}`, { ours: of(costs[step]) }] as const),
    ]);
    return Object.fromEntries(figures);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.world[Symbol.asyncDispose]();
  }
}
