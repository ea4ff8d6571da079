import { emptyRecord } from '@app/aggregates';
import { bench, type PreparedBench, type Round } from '../framework/bench.js';
import { CLOCK } from './large-state.js';
import { RedisState, storeAt } from './redis-state.js';
import { SpreadState } from './spread-state.js';

/** Pairs of two states with the same 120,000 series. */
interface Pairs {
  readonly dense: number;
  readonly thin: number;
}

const STEPS = 20;
const STEP_PAIRS = 500;

/** What a stored state takes of Redis, and how long writing, reading and moving it on take. */
export const redisMemoryBench = bench<Pairs>({
  name: 'redis-memory',
  title: 'State in Redis',
  ours: 'what Redis says its data takes after a state of 120,000 series is stored, names of series and all else included, divided by its (bucket, series) pairs; the time to store and to load it; and a step of 500 pairs',
  peer: 'a limit',
  target: '≤ 40 bytes a pair at ≥ 2 M pairs',
  figures: [
    { name: 'a pair', unit: 'bytes', better: 'less', target: { of: 'ours', atMost: 40 }, guard: 'ours' },
    { name: 'a pair, spread thinly', unit: 'bytes', better: 'less', target: null, guard: 'ours' },
    { name: 'stored in', unit: 'ms', better: 'less', target: null },
    { name: 'loaded in', unit: 'ms', better: 'less', target: null },
    { name: `a step of ${STEP_PAIRS} pairs`, unit: 'ms', better: 'less', target: null },
  ],
  sizes: { small: { dense: 600_000, thin: 150_000 }, target: { dense: 2_500_000, thin: 500_000 } },
  describe: ({ dense, thin }) =>
    `about ${dense.toLocaleString('en')} and ${thin.toLocaleString('en')} pairs of 120,000 series`,
  prepare: async ({ shape, say, version }) => {
    const [dense, thin] = [new SpreadState(shape.dense), new SpreadState(shape.thin)];
    say(`${dense.pairs} and ${thin.pairs} pairs`);
    return new Scene([dense, thin], version);
  },
  notes: `Ids are UUIDs and SHA-256 sums, sums of money have both doubles.`,
  shortfall: `The target speaks of 2 million pairs and more; \`small\` has a quarter of them, with the names of as many series. What does not
shrink with the pairs: a name takes 48 bytes where its hash is packed tightly and 90 where one of the 256 names in it is longer than 64
bytes (model ids of the traffic are), which undoes the packing of all; and a hash of a bucket, with its place in the index, takes 150 bytes
however few pairs it has. Names in which models and users are numbers, and long names in hashes of their own, would halve the first; it is
a new format of everything stored, and has not been done.`,
});

class Scene implements PreparedBench {
  readonly #dense: SpreadState;
  readonly #thin: SpreadState;
  readonly #version: (program: string, version: string) => void;

  constructor([dense, thin]: readonly [SpreadState, SpreadState], version: (program: string, version: string) => void) {
    this.#dense = dense;
    this.#thin = thin;
    this.#version = version;
  }

  async round(): Promise<Round> {
    const thin = await this.#stored(this.#thin);
    const dense = await this.#stored(this.#dense);
    return {
      'a pair': { ours: dense.bytes },
      'a pair, spread thinly': { ours: thin.bytes },
      'stored in': { ours: dense.stored },
      'loaded in': { ours: dense.loaded },
      [`a step of ${STEP_PAIRS} pairs`]: { ours: dense.step },
    };
  }

  async end() {
    const pairs = [this.#dense.pairs, this.#thin.pairs].map((count) => count.toLocaleString('en'));
    return { facts: { pairs: `${pairs[0]}, and ${pairs[1]} spread thinly` } };
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #stored(spread: SpreadState): Promise<{ bytes: number; stored: number; loaded: number; step: number }> {
    await using redis = await RedisState.opened();
    this.#version('Redis', await redis.version());
    const empty = await redis.usedMemory();
    const stored = await timed(() => redis.replace(spread.state));
    const bytes = ((await redis.usedMemory()) - empty) / spread.pairs;
    const reader = storeAt(redis.server.url);
    const loaded = await timed(() => reader.open());
    await reader.close();
    return { bytes, stored, loaded, step: await this.#step(redis, spread) };
  }

  async #step(redis: RedisState, spread: SpreadState): Promise<number> {
    const times: number[] = [];
    for (let step = 0; step < STEPS; step++) {
      const pairs = { spend_by_user: spread.step(STEP_PAIRS) };
      const record = { ...emptyRecord((redis.store.state?.version ?? 0) + 1, CLOCK), pairs };
      times.push(await timed(() => redis.commit(record)));
    }
    return times.toSorted((one, other) => one - other)[STEPS >> 1] as number;
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
