// npm run test:faults [-- --only <name>,…] [-- --long] [-- --write] [-- --list]
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { reliabilityDocument } from './reliability.js';
import { describeRun } from './run-facts.js';
import { type Result, runScenario } from './run-scenario.js';
import type { Scenario } from './scenario.js';
import { allScenarios, scenariosOf } from './scenarios/all-scenarios.js';

const help = `npm run test:faults [-- options]

Runs faults against real servers with traffic running, one after another; each ends in the comparison of every family with SQL.

  --only    these scenarios, by name or by the beginning of their names: a,b,…
  --short   the ones that npm test runs
  --long    the ones that take minutes, too
  --write   writes what happened into docs/RELIABILITY.md, beside what other runs have written there
  --counts  writes the numbers of passed and failed scenarios into a file
  --list    names the scenarios and runs none`;

function options() {
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true, default: [] },
      counts: { type: 'string' },
      ...{ short: flag, long: flag, write: flag, list: flag, help: flag },
    },
  });
  return values;
}

function tell({ name, happened, recovery, rows, rowsLost, rowsDoubled, faults, logs }: Result, seconds: number): void {
  const figures = `${recovery.toFixed(1)} s to recover, ${rows} rows, ${rowsLost} lost, ${rowsDoubled} doubled`;
  console.log(`${faults.length === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds.toFixed(0)} s): ${figures}; ${happened}`);
  for (const fault of faults) console.log(`     ${fault.replaceAll('\n', '\n     ')}`);
  if (logs !== '') console.log(`\n${logs}\n`);
}

/** The short form is for machines of every speed: it asks what is lost or doubled, and little of times. */
const SHORT_PATIENCE = 5;

async function runOne(scenario: Scenario, patience: number): Promise<Result> {
  const began = performance.now();
  const result = await runScenario(scenario, patience);
  tell(result, (performance.now() - began) / 1_000);
  return result;
}

function writeDocument(results: readonly Result[], run: ReturnType<typeof describeRun>): void {
  const file = new URL('../../docs/RELIABILITY.md', import.meta.url);
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
  writeFileSync(file, reliabilityDocument(before, results, run, allScenarios));
}

async function main(): Promise<void> {
  const { only, short, long, write, list, counts, help: wanted } = options();
  if (wanted) return console.log(help);
  const names = only.flatMap((text) => text.split(','));
  const chosen = scenariosOf({
    names,
    forms: short ? ['short'] : long ? ['short', 'full', 'long'] : ['short', 'full'],
  });
  if (list) return console.log(chosen.map(({ name, form, fault }) => `${name} (${form}): ${fault}`).join('\n'));
  const run = describeRun(new Date(), process.argv.slice(2));
  const results: Result[] = [];
  for (const scenario of chosen) {
    const obstacle = scenario.obstacle?.();
    if (obstacle !== undefined) {
      console.log(`skip ${scenario.name}: ${obstacle}`);
      continue;
    }
    results.push(await runOne(scenario, short ? SHORT_PATIENCE : 1));
    if (write) writeDocument(results, run);
  }
  const failed = results.filter(({ faults }) => faults.length > 0).length;
  const passed = results.length - failed;
  console.log(`\n${passed} passed, ${failed} failed`);
  if (counts !== undefined) writeFileSync(counts, JSON.stringify({ passed, failed }));
  // A socket that a scenario left open must not keep the run from its end.
  process.exit(failed === 0 ? 0 : 1);
}

await main();
