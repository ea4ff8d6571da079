import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { installMissing, isMet, needs, remedyOf } from './setup/debian.mjs';
import { requireNode } from './setup/node-version.mjs';
import { ensurePackages } from './setup/packages.mjs';
import { groups, obstacle, stages } from './test/stages.mjs';

/** @typedef {import('./test/run-jest.mjs').Counts & { name: string, seconds: number }} Outcome */

const root = fileURLToPath(new URL('..', import.meta.url));
const strict = process.env.CI_STRICT === '1';
const help = `npm test [-- --only <group>[,<group>…]]

Installs what it needs (npm packages; as root on Debian also PostgreSQL with wal2json, Redis and promtool), then runs every
stage, and ends with a table and the line "N passed, N failed, N skipped".

  --only   just these groups: ${groups.join(', ')}
  --help   this text

CI_STRICT=1 makes a stage that can't run a failure. Servers in place of installed ones: TEST_POSTGRES_URL,
TEST_POSTGRES18_URL, TEST_REDIS_URL; see test/README.md.`;

/** @param {string} line */
function say(line) {
  process.stdout.write(`${line}\n`);
}

/** @param {readonly string[]} argv @returns {readonly string[]} */
function chosenGroups(argv) {
  const { values } = parseArgs({ args: [...argv], options: { only: { type: 'string', multiple: true } } });
  const chosen = values.only?.flatMap((text) => text.split(',')) ?? groups;
  const unknown = chosen.filter((group) => !groups.includes(group));
  if (unknown.length > 0) throw new Error(`--only ${unknown.join(',')}: expected some of ${groups.join(', ')}`);
  // End-to-end specs, those of the image, and faults run what has been built.
  return ['e2e', 'deploy', 'faults'].some((group) => chosen.includes(group)) ? [...chosen, 'build'] : chosen;
}

/** @param {import('./test/stages.mjs').Stage} stage @returns {Promise<Outcome>} */
async function runStage(stage) {
  const began = performance.now();
  const missing = obstacle(stage);
  const counts = missing === undefined ? await stage.run(root) : notRun(missing);
  return { name: stage.name, ...counts, seconds: (performance.now() - began) / 1_000 };
}

/** @param {string} reason @returns {import('./test/run-jest.mjs').Counts} */
function notRun(reason) {
  return { passed: 0, failed: strict ? 1 : 0, skipped: strict ? 0 : 1, note: `not run: ${reason}` };
}

/** @param {Outcome} outcome */
function row({ name, passed, failed, skipped, seconds, note }) {
  const numbers = [passed, failed, skipped].map((count) => String(count).padStart(8)).join('');
  return `${name.padEnd(28)}${numbers}${`${seconds.toFixed(1)} s`.padStart(10)}${note === '' ? '' : `   ${note}`}`;
}

/** @param {readonly Outcome[]} outcomes */
function summarise(outcomes) {
  const sum = (/** @type {'passed' | 'failed' | 'skipped'} */ part) =>
    outcomes.reduce((total, outcome) => total + outcome[part], 0);
  say(`\n${'stage'.padEnd(28)}${['passed', 'failed', 'skipped'].map((head) => head.padStart(8)).join('')}      time`);
  for (const outcome of outcomes) say(row(outcome));
  say(`\n${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`);
  return sum('failed') === 0;
}

async function main() {
  const argv = process.argv.slice(2);
  if (argv.includes('--help')) return say(help);
  const chosen = chosenGroups(argv);
  requireNode();
  ensurePackages(root, say);
  if (chosen.some((group) => group !== 'lint' && group !== 'typecheck' && group !== 'build')) installMissing(say);
  for (const need of needs.filter((candidate) => !isMet(candidate))) say(`${need.name} is missing: ${remedyOf(need)}`);
  const selected = stages.filter((stage) => chosen.includes(stage.group));
  /** @type {Outcome[]} */
  const outcomes = [];
  for (const [index, stage] of selected.entries()) {
    say(`\n[${index + 1}/${selected.length}] ${stage.name}`);
    outcomes.push(await runStage(stage));
    if (interrupted) break;
  }
  process.exitCode = summarise(outcomes) ? 0 : 1;
}

let interrupted = false;
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.on(signal, () => {
    interrupted = true;
  });
}

try {
  await main();
} catch (error) {
  process.stderr.write(`npm test: ${error instanceof Error ? error.message : error}\n`);
  say('0 passed, 1 failed, 0 skipped');
  process.exitCode = 1;
}
if (interrupted) process.exitCode = 130;
