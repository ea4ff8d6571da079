import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runNode } from './run-command.mjs';

const node = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];

/** @typedef {{ passed: number, failed: number, skipped: number, note: string }} Counts */

/**
 * Runs the specs whose path matches one of the patterns, and counts tests. A spec file that can't be loaded is one failed test.
 * @param {{ root: string, patterns: readonly string[], ignore?: readonly string[], flags: readonly string[], minutes: number }} options
 * @returns {Promise<Counts>}
 */
export async function runJest({ root, patterns, ignore = [], flags, minutes }) {
  const directory = mkdtempSync(join(tmpdir(), 'exporter-test-'));
  const outputFile = join(directory, 'result.json');
  const argv = [...node, join(root, 'node_modules/jest/bin/jest.js'), '--passWithNoTests', '--forceExit', ...flags];
  argv.push('--json', `--outputFile=${outputFile}`, '--testPathPatterns', ...patterns);
  if (ignore.length > 0) argv.push('--testPathIgnorePatterns', '/node_modules/', ...ignore);
  try {
    const { ok, reason } = await runNode({ root, argv, minutes });
    return count(outputFile, ok ? '' : reason);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** @param {string} outputFile @param {string} reason @returns {Counts} */
function count(outputFile, reason) {
  let result;
  try {
    result = JSON.parse(readFileSync(outputFile, 'utf8'));
  } catch {
    return { passed: 0, failed: reason === '' ? 0 : 1, skipped: 0, note: reason };
  }
  const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
  const skipped = result.numPendingTests + result.numTodoTests;
  // Jest also fails where no single test did, as when a hook after the last one throws.
  const other = reason !== '' && failed === 0 ? 1 : 0;
  return { passed: result.numPassedTests, failed: failed + other, skipped, note: other === 1 ? reason : '' };
}
