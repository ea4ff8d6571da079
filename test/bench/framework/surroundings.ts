import { execFileSync } from 'node:child_process';
import { cpus, loadavg, totalmem } from 'node:os';

/** Where a run took place. */
export interface Machine {
  readonly cores: number;
  readonly model: string;
  /** In GiB. */
  readonly memory: number;
  /** Load average of the last minute before the run: what else the machine was busy with. */
  readonly load: number;
}

/** This machine, now. */
export function machine(): Machine {
  const processors = cpus();
  const [load = 0] = loadavg();
  return {
    cores: processors.length,
    model: processors[0]?.model.trim() ?? 'unknown',
    memory: Math.round(totalmem() / 2 ** 30),
    load: Math.round(load * 10) / 10,
  };
}

/** The commit that was measured; `+` at its end says that the sources differed from it. */
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
