import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

// The check before a release: all that has to pass, on the very commit that is released. The release tool keeps what a hook
// prints in memory and shows none of it, so the whole goes into a file.
const root = fileURLToPath(new URL('../..', import.meta.url));
const log = join(root, 'release-ci.log');

if (process.env.RELEASE_WITHOUT_CI === '1') {
  console.warn('RELEASE_WITHOUT_CI=1: nothing is tested before this release');
} else {
  const file = openSync(log, 'w');
  const { status, error } = spawnSync('npm', ['run', 'ci'], { cwd: root, stdio: ['ignore', file, file] });
  closeSync(file);
  if (status !== 0) {
    const last = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-30).join('\n');
    console.error(
      `${last}\n\nnpm run ci failed, and nothing is released${error ? ` (${error.message})` : ''}. All it said: ${log}`,
    );
    process.exitCode = 1;
  }
}
