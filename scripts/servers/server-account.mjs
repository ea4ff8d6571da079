import { execFileSync } from 'node:child_process';
import { chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * The account a server runs as; empty when we aren't root, since then it runs as ourselves. PostgreSQL refuses to run as root.
 * @typedef {{ readonly uid?: number, readonly gid?: number }} ServerAccount
 */

/**
 * `postgres` where that user exists, else `nobody`, when we are root; otherwise ourselves.
 * @returns {ServerAccount}
 */
export function serverAccount() {
  if (process.getuid?.() !== 0) return {};
  const users = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['postgres', 'nobody']) {
    const fields = users.find((line) => line.startsWith(`${name}:`))?.split(':');
    if (fields?.[2] !== undefined && fields[3] !== undefined) return { uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  throw new Error('PostgreSQL does not run as root, and this machine has neither a user postgres nor a user nobody');
}

/**
 * True when the account may run the program: every folder above it lets the account pass.
 * @param {ServerAccount} account
 * @param {string} program
 */
export function mayRun(account, program) {
  try {
    execFileSync(program, ['--version'], { ...account, cwd: '/', stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/**
 * A new directory that belongs to the account, below the first temporary folder that the account can reach.
 * @param {ServerAccount} account
 * @param {string} prefix
 */
export function accountDirectory(account, prefix) {
  for (const base of new Set([tmpdir(), '/tmp', '/var/tmp'])) {
    const directory = tryDirectory(account, join(base, prefix));
    if (directory !== undefined) return directory;
  }
  throw new Error(`no temporary folder can be entered by user ${account.uid}: set TMPDIR to one that can`);
}

/**
 * @param {ServerAccount} account
 * @param {string} prefix
 */
function tryDirectory(account, prefix) {
  let directory;
  try {
    directory = mkdtempSync(prefix);
    if (account.uid !== undefined && account.gid !== undefined) chownSync(directory, account.uid, account.gid);
    execFileSync('/bin/sh', ['-c', 'cd "$1"', 'sh', directory], { ...account, cwd: '/', stdio: 'ignore' });
    return directory;
  } catch {
    if (directory !== undefined) rmSync(directory, { recursive: true });
    return undefined;
  }
}
