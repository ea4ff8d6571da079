import { execFileSync } from 'node:child_process';
import { chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The account a server runs as; empty when we aren't root, since then it runs as ourselves. PostgreSQL refuses to run as root. */
export interface ServerAccount {
  readonly uid?: number;
  readonly gid?: number;
}

/** `postgres` where that user exists, else `nobody`, when we are root; otherwise ourselves. */
export function serverAccount(): ServerAccount {
  if (process.getuid?.() !== 0) return {};
  const users = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['postgres', 'nobody']) {
    const fields = users.find((line) => line.startsWith(`${name}:`))?.split(':');
    if (fields?.[2] !== undefined && fields[3] !== undefined) return { uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  throw new Error('PostgreSQL does not run as root, and this machine has neither a user postgres nor a user nobody');
}

/** True when the account may run the program: every folder above it lets the account pass. */
export function mayRun(account: ServerAccount, program: string): boolean {
  try {
    execFileSync(program, ['--version'], { ...account, cwd: '/', stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** A new directory that belongs to the account, below the first temporary folder that the account can reach. */
export function accountDirectory(account: ServerAccount, prefix: string): string {
  for (const base of new Set([tmpdir(), '/tmp', '/var/tmp'])) {
    const directory = mkdtempSync(join(base, prefix));
    if (account.uid !== undefined && account.gid !== undefined) chownSync(directory, account.uid, account.gid);
    try {
      execFileSync('/bin/sh', ['-c', 'cd "$1"', 'sh', directory], { ...account, cwd: '/', stdio: 'ignore' });
      return directory;
    } catch {
      rmSync(directory, { recursive: true });
    }
  }
  throw new Error(`no temporary folder can be entered by user ${account.uid}: set TMPDIR to one that can`);
}
