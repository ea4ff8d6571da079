import { execFileSync } from 'node:child_process';

/** The commit that is measured or tried; `+` at its end says that the sources differed from it. `unknown` outside of a clone. */
export function commit(): string {
  const git = (...argv: string[]): string =>
    execFileSync('git', argv, { encoding: 'utf8', cwd: import.meta.dirname }).trim();
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no', '--', ':/apps', ':/libs', ':/test') !== '';
    return `${git('rev-parse', '--short=9', 'HEAD')}${changed ? '+' : ''}`;
  } catch {
    return 'unknown';
  }
}
