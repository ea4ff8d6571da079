import { describe, expect, it } from '@jest/globals';
import { type Bench, bench, inTurn, type Round } from './bench.js';
import { runBench } from './run-bench.js';

function given(round: (index: number, warming: boolean) => Round, more: Partial<Bench> = {}) {
  let disposed = 0;
  const declared = bench({
    ...{ name: 'one', title: 'One', ours: 'ours', peer: 'peer', target: 'any' },
    figures: [{ name: 'rate', unit: 'rows/s', better: 'more', target: null }],
    sizes: { small: { rows: 1 }, target: { rows: 2 } },
    describe: ({ rows }) => `${rows} rows`,
    prepare: async () => ({
      round: async (index, warming) => round(index, warming),
      [Symbol.asyncDispose]: async () => {
        disposed += 1;
      },
    }),
  });
  const run = (size: 'small' | 'target' | 'full' = 'small') =>
    runBench({ ...declared, ...more }, { size, command: 'npm run bench', say: () => {} });
  return { run, disposed: () => disposed };
}

describe('a run of a bench', () => {
  it('takes at least five rounds, whatever the bench says', async () => {
    const { rounds, described } = await given(() => ({ rate: { ours: 1, peer: 2 } }), { rounds: 2 }).run();
    expect(rounds).toHaveLength(5);
    expect(described).toBe('1 rows');
  });

  it('throws the warming rounds away', async () => {
    const { figures } = await given((_, warming) => ({ rate: { ours: warming ? 1000 : 1 } }), { warmUp: 3 }).run();
    expect(figures.rate?.ours).toEqual({ median: 1, least: 1, greatest: 1 });
  });

  it('ends what the bench has started, when a round fails as well', async () => {
    const one = given(() => {
      throw new Error('a round failed');
    });
    await expect(one.run()).rejects.toThrow('a round failed');
    expect(one.disposed()).toBe(1);
  });

  it('refuses a round that lacks a figure, and a size that the bench has not', async () => {
    await expect(given(() => ({})).run()).rejects.toThrow('lacks rate');
    await expect(given(() => ({})).run('full')).rejects.toThrow("no size 'full'");
  });
});

describe('what is measured in turn', () => {
  it.each([
    [0, ['ours', 'peer']],
    [1, ['peer', 'ours']],
    [2, ['ours', 'peer']],
  ])('goes in round %d in the order %j', async (index, order) => {
    const seen: string[] = [];
    const told = (name: string, value: number) => async () => {
      seen.push(name);
      return value;
    };
    expect(await inTurn(index, told('ours', 1), told('peer', 2))).toEqual({ ours: 1, peer: 2 });
    expect(seen).toEqual(order);
  });
});
