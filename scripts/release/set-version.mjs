import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chartOfVersion, dockerfileOfVersion } from './version-files.mjs';

// Writes the version that npm has given to package.json to the other files that bear it.
const root = fileURLToPath(new URL('../..', import.meta.url));
const [version = ''] = process.argv.slice(2);
if (!/^\d+\.\d+\.\d+$/.test(version)) {
  console.error(`usage: node scripts/release/set-version.mjs VERSION (three numbers; got '${version}')`);
  process.exit(2);
}

/** @param {string} path @param {(text: string) => string} change */
function rewrite(path, change) {
  const file = join(root, path);
  writeFileSync(file, change(readFileSync(file, 'utf8')));
}

const cliff = join(root, 'node_modules/git-cliff/lib/cli/cli.js');
const context = execFileSync(process.execPath, [cliff, '--unreleased', '--context'], {
  cwd: root,
  encoding: 'utf8',
  stdio: 'pipe',
});
const commits = JSON.parse(context).flatMap(
  (/** @type {{ commits: import('./version-files.mjs').Commit[] }} */ release) => release.commits,
);
rewrite('helm/litellm-exporter/Chart.yaml', (text) => chartOfVersion(text, version, commits));
rewrite('Dockerfile', (text) => dockerfileOfVersion(text, version));
