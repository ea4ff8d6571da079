import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ServerAccount } from '../../scripts/servers/server-account.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const left = new Set(['node_modules', 'dist', 'coverage', '.git', '.tmp']);

/** A checkout of the working tree below a home directory that is closed to everybody but its owner. */
export interface CheckoutCopy {
  readonly home: string;
  readonly directory: string;
  /** For TMPDIR: empty, and open to everybody. */
  readonly temporary: string;
  /** Files of the checkout outside node_modules and dist, and whatever lies in home or the temporary folder, sorted. */
  files(): string[];
  /** Command lines of running processes that name the checkout or its temporary folder. */
  processes(): string[];
  [Symbol.dispose](): void;
}

/** Copies the working tree, installed packages included (as hard links where it can), into a home of mode 700 that belongs to `owner`. */
export function copyCheckout(owner: ServerAccount): CheckoutCopy {
  const base = mkdtempSync('/tmp/exporter-checkout-');
  chmodSync(base, 0o755);
  const home = join(base, 'home');
  const directory = join(home, 'checkout');
  const temporary = join(base, 'tmp');
  mkdirSync(home);
  mkdirSync(temporary);
  cpSync(root, directory, { recursive: true, filter: (source) => !left.has(relative(root, source)) });
  const ours = owner.uid === undefined ? [] : [['chown', '-R', `${owner.uid}:${owner.gid}`, home]];
  for (const [program = '', ...argv] of ours) execFileSync(program, argv);
  linkPackages(directory);
  chmodSync(temporary, 0o1777);
  chmodSync(home, 0o700);
  return {
    home,
    directory,
    temporary,
    files: () => [home, temporary].flatMap(listFiles).sort(),
    processes: () => commandLines().filter((line) => line.includes(base)),
    [Symbol.dispose]: () => rmSync(base, { recursive: true, force: true }),
  };
}

function linkPackages(directory: string): void {
  const source = join(root, 'node_modules');
  try {
    execFileSync('cp', ['-al', source, directory], { stdio: 'ignore' });
  } catch {
    execFileSync('cp', ['-a', source, directory]);
  }
}

function listFiles(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.name === 'node_modules' || entry.name === 'dist') return [];
    return entry.isDirectory() ? [path, ...listFiles(path)] : [path];
  });
}

function commandLines(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return '';
      }
    });
}
