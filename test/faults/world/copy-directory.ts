import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';

/** Copies a directory with owners and modes, in place of what is there. */
export function copyDirectory(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  execFileSync('cp', ['-a', from, to]);
}
