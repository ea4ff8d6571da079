import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { installTool, tools } from '../deploy/tools.mjs';
import { build, buildableApps } from '../setup/build.mjs';
import { isMet, needs, remedyOf } from '../setup/debian.mjs';
import { runNode } from './run-command.mjs';
import { runJest } from './run-jest.mjs';

/** @typedef {import('./run-jest.mjs').Counts} Counts */

/**
 * A part of the test run.
 * @typedef {object} Stage
 * @property {string} name
 * @property {string} group What `--only` calls it.
 * @property {string} [need] Name of a program that it can't do without; see setup/debian.mjs.
 * @property {(root: string) => Promise<Counts>} run
 */

const needsServer = '\\.(pg|redis)\\.spec\\.ts$';
const endToEnd = '\\.e2e-spec\\.ts$';
const deployment = 'test/deploy/.*\\.spec\\.ts$';

/**
 * A stage that is one test: the program `bin` of a package ends well.
 * @param {string} name
 * @param {string} group
 * @param {readonly string[]} argv
 * @returns {Stage}
 */
function check(name, group, [bin = '', ...argv]) {
  const run = async (/** @type {string} */ root) => {
    const program = join(root, 'node_modules', bin);
    if (!existsSync(program)) return { passed: 0, failed: 0, skipped: 1, note: `${bin} is not installed` };
    return verdict((await runNode({ root, argv: [program, ...argv], minutes: 5 })).reason);
  };
  return { name, group, run };
}

/** @param {string} reason @returns {Counts} */
function verdict(reason) {
  const ok = reason === '';
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0, note: reason };
}

/** @param {string} root */
async function buildAll(root) {
  try {
    build(root, buildableApps(root));
    return verdict('');
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    return verdict('see above');
  }
}

/** Specs of chart, manifests and image, with the tools that check them. @param {string} root */
async function runDeployment(root) {
  for (const { name } of tools) {
    const obstacle = installTool(name, (line) => process.stdout.write(`${line}\n`));
    if (obstacle !== undefined) process.stdout.write(`${obstacle}\n`);
  }
  return runJest({ root, patterns: [deployment], flags: ['-w', '2'], minutes: 15 });
}

const [postgres, redis] = needs.map((need) => need.name);

/** All stages, the cheap ones first. @type {readonly Stage[]} */
export const stages = [
  check('format and lint', 'lint', ['@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.']),
  check('boundaries', 'lint', [
    'dependency-cruiser/bin/dependency-cruise.mjs',
    '--config',
    '.dependency-cruiser.cjs',
    'apps',
    'libs',
    'test',
  ]),
  check('Markdown', 'lint', ['markdownlint-cli2/markdownlint-cli2-bin.mjs']),
  check('types', 'typecheck', ['typescript/bin/tsc', '-p', 'tsconfig.json', '--noEmit']),
  { name: 'build', group: 'build', run: buildAll },
  {
    name: 'unit specs',
    group: 'unit',
    run: (root) =>
      runJest({ root, patterns: ['\\.spec\\.ts$'], ignore: [needsServer, deployment], flags: ['-w', '2'], minutes: 15 }),
  },
  { name: 'deployment specs', group: 'deploy', run: runDeployment },
  {
    name: 'contract specs, PostgreSQL',
    group: 'contract',
    ...(postgres === undefined ? {} : { need: postgres }),
    run: (root) => runJest({ root, patterns: ['\\.pg\\.spec\\.ts$'], flags: ['-w', '2'], minutes: 15 }),
  },
  {
    name: 'contract specs, Redis',
    group: 'contract',
    ...(redis === undefined ? {} : { need: redis }),
    run: (root) => runJest({ root, patterns: ['\\.redis\\.spec\\.ts$'], flags: ['-w', '2'], minutes: 15 }),
  },
  {
    name: 'end-to-end specs',
    group: 'e2e',
    run: (root) => runJest({ root, patterns: [endToEnd], flags: ['-i'], minutes: 40 }),
  },
];

/** Names for `--only`. */
export const groups = [...new Set(stages.map((stage) => stage.group))];

/** What keeps a stage from running, in one line with the remedy. @param {Stage} stage */
export function obstacle(stage) {
  const need = needs.find(({ name }) => name === stage.need);
  return need === undefined || isMet(need) ? undefined : `${need.name} is missing: ${remedyOf(need)}`;
}
