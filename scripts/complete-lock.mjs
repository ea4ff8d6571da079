// Run it after `npm install` from a registry that lacks packages of other platforms; see setup/lock-file.mjs.
import { readFileSync, writeFileSync } from 'node:fs';
import { completeLock, missingPackages } from './setup/lock-file.mjs';

const file = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(file, 'utf8'));
const missing = missingPackages(lock.packages);
if (missing.length > 0) {
  writeFileSync(file, `${JSON.stringify({ ...lock, packages: completeLock(lock.packages) }, null, 2)}\n`);
}
process.stdout.write(`${missing.length} packages added to package-lock.json\n`);
