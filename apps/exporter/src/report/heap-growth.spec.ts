import { spawnSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { growthFlag, growthFor, HeapGrowth, OWN_GROWTH, SMALL_GROWTH, v8Heap } from './heap-growth.js';

const MB = 1024 * 1024;

/** Lets garbage become old beside 40 MB that live, and prints by how much the heap was larger than these at its largest. */
const PROGRAM = `
  const { setFlagsFromString } = require('node:v8');
  setFlagsFromString(process.argv[1]);
  const of = (count) => Array.from({ length: count }, (_, at) => ({ at, text: 'x' + at }));
  const living = of(500_000);
  const old = new Array(50);
  let most = 0;
  for (let at = 0; at < 1_500; at += 1) {
    old[at % old.length] = of(2_000);
    most = Math.max(most, process.memoryUsage().heapTotal);
  }
  console.log(living.length, most);`;

function mostHeap(growth: number): number {
  const argv = ['--max-old-space-size=4096', '-e', PROGRAM, '--', growthFlag(growth)];
  const { stdout, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8' });
  expect(stderr).toBe('');
  return Number(stdout.split(' ')[1]);
}

describe('the heap of V8', () => {
  it('heeds a flag for its growth that is set while it runs', () => {
    expect(mostHeap(SMALL_GROWTH)).toBeLessThan(0.9 * mostHeap(OWN_GROWTH));
  });

  it('gives up what nothing holds any more when it is told to collect', async () => {
    const before = { of: Array.from({ length: 1_000_000 }, (_, at) => ({ at })) };
    const full = v8Heap.used();
    before.of = [];
    v8Heap.collect();
    await new Promise((resolve) => setImmediate(resolve));
    expect(v8Heap.used()).toBeLessThan(full - 20 * MB);
  });
});

describe('the growth of the heap', () => {
  it('is what fits: much where little lives, never less than a tenth', () => {
    expect([20, 80, 100, 120, 1_000].map((used) => growthFor(used * MB))).toEqual([60, 60, 28, 10, 10]);
  });

  it('is small but in a seed, in which steps change nothing of it, and what that leaves is collected once', () => {
    const told: (number | 'collect')[] = [];
    const growth = new HeapGrowth({
      used: () => 100 * MB,
      growBy: (percent) => void told.push(percent),
      collect: () => void told.push('collect'),
    });
    growth.settled();
    growth.stepStored();
    expect(told.splice(0)).toEqual([SMALL_GROWTH, SMALL_GROWTH, 28]);
    growth.seedStarted();
    growth.stepStored();
    expect(told.splice(0)).toEqual([OWN_GROWTH]);
    growth.settled();
    growth.settled();
    expect(told).toEqual([SMALL_GROWTH, 'collect', SMALL_GROWTH]);
  });
});
