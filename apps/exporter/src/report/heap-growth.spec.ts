import { spawnSync } from 'node:child_process';
import { expect, it } from '@jest/globals';
import { collectGarbage, growthFlag, growthFor, OWN_GROWTH, SMALL_GROWTH } from './heap-growth.js';

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
  const flag = growthFlag(growth);
  const { stdout, stderr } = spawnSync(process.execPath, ['--max-old-space-size=4096', '-e', PROGRAM, '--', flag], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return Number(stdout.split(' ')[1]);
}

it('V8 heeds a flag for the growth of its heap that is set while it runs', () => {
  expect(mostHeap(SMALL_GROWTH)).toBeLessThan(0.9 * mostHeap(OWN_GROWTH));
});

it('collects at once what nothing holds any more', () => {
  const before = { of: Array.from({ length: 1_000_000 }, (_, at) => ({ at })) };
  const full = process.memoryUsage().heapUsed;
  before.of = [];
  collectGarbage();
  expect(process.memoryUsage().heapUsed).toBeLessThan(full - 20_000_000);
});

it('gives what fits: much where little lives, never less than a tenth', () => {
  const MB = 1024 * 1024;
  expect([20, 80, 100, 120, 1_000].map((used) => growthFor(used * MB))).toEqual([60, 60, 28, 10, 10]);
});
