import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
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
 * @property {readonly string[]} [need] Names of programs that it can't do without; see setup/debian.mjs.
 * @property {boolean} [ownServers] It stops and kills servers, so that the URL of one doesn't do.
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

/** The faults that don't take long; all of them: npm run test:faults. @param {string} root @returns {Promise<Counts>} */
async function runFaults(root) {
  const directory = mkdtempSync(join(tmpdir(), 'exporter-faults-'));
  const counts = join(directory, 'counts.json');
  const typescript = join(root, 'scripts/setup/register-typescript.mjs');
  const argv = ['--import', typescript, join(root, 'test/faults/main.ts'), '--short', '--counts', counts];
  try {
    const { ok, reason } = await runNode({ root, argv, minutes: 20 });
    if (!existsSync(counts)) return verdict(ok ? 'no counts were written' : reason);
    const { passed, failed } = JSON.parse(readFileSync(counts, 'utf8'));
    return { passed, failed: failed === 0 && !ok ? 1 : failed, skipped: 0, note: failed === 0 ? reason : '' };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const [postgres = '', redis = ''] = needs.map((need) => need.name);

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
      runJest({
        root,
        patterns: ['\\.spec\\.ts$'],
        ignore: [needsServer, deployment],
        flags: ['-w', '2'],
        minutes: 15,
      }),
  },
  { name: 'deployment specs', group: 'deploy', run: runDeployment },
  {
    name: 'contract specs, PostgreSQL',
    group: 'contract',
    need: [postgres],
    run: (root) => runJest({ root, patterns: ['\\.pg\\.spec\\.ts$'], flags: ['-w', '2'], minutes: 15 }),
  },
  {
    name: 'contract specs, Redis',
    group: 'contract',
    need: [redis],
    run: (root) => runJest({ root, patterns: ['\\.redis\\.spec\\.ts$'], flags: ['-w', '2'], minutes: 15 }),
  },
  {
    name: 'end-to-end specs',
    group: 'e2e',
    run: (root) => runJest({ root, patterns: [endToEnd], flags: ['-i'], minutes: 40 }),
  },
  { name: 'faults', group: 'faults', need: [postgres, redis], ownServers: true, run: runFaults },
];

/** Names for `--only`. */
export const groups = [...new Set(stages.map((stage) => stage.group))];

/** What keeps a stage from running, in one line with the remedies. @param {Stage} stage */
export function obstacle({ need = [], ownServers = false }) {
  const missing = needs.filter((it) => need.includes(it.name) && !(ownServers ? it.isThere() : isMet(it)));
  if (missing.length === 0) return undefined;
  return missing.map((it) => `${it.name} is missing: ${remedyOf(it)}`).join('; ');
}
