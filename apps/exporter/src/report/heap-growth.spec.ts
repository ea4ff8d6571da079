import { spawnSync } from 'node:child_process';
import { expect, it } from '@jest/globals';
import { OWN_GROWTH, SMALL_GROWTH } from './heap-growth.js';

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

function mostHeap(flag: string): number {
  const { stdout, stderr } = spawnSync(process.execPath, ['--max-old-space-size=4096', '-e', PROGRAM, '--', flag], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return Number(stdout.split(' ')[1]);
}

it('V8 heeds a flag for the growth of its heap that is set while it runs', () => {
  expect(mostHeap(SMALL_GROWTH)).toBeLessThan(0.9 * mostHeap(OWN_GROWTH));
});
