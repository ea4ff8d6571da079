// Runs one bench in this process and hands its result to the one that started it: node … test/bench/run-one.ts <name> <size> [rounds]
// On its own it prints the result, which is the way to profile it: node --cpu-prof --import ./scripts/setup/register-typescript.mjs …
import { allBenches } from './all-benches.js';
import type { BenchSize } from './framework/bench.js';
import { runBench } from './framework/run-bench.js';

const [name, size, rounds] = process.argv.slice(2);
const bench = allBenches.find((one) => one.name === name);
if (bench === undefined) throw new Error(`no bench is called ${name}`);
const result = await runBench(bench, {
  size: size as BenchSize,
  command: `npm run bench -- --only ${name} --size ${size} --write`,
  ...(rounds === undefined ? {} : { rounds: Number(rounds) }),
  say: (text) => console.log(`  ${new Date().toISOString().slice(11, 19)} ${text}`),
});
if (process.send === undefined) console.log(JSON.stringify(result, null, 2));
else await new Promise((resolve) => process.send?.(result, resolve));
process.disconnect?.();
