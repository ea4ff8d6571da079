import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { commit } from '../support/commit.js';
import type { Run } from './reliability.js';

/** Where, with what and how this run was started. @param argv what was given behind `npm run test:faults --` */
export function describeRun(began: Date, argv: readonly string[]): Run {
  const [processor] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  const system = /^PRETTY_NAME="?([^"\n]*)/m.exec(read('/etc/os-release'))?.[1] ?? process.platform;
  return {
    id: began.toISOString().slice(0, 16).replace('T', ' '),
    commit: commit(),
    machine: `${cpus().length} × ${processor?.model.trim() ?? 'unknown'}, ${memory} GB, ${system}, Node ${process.versions.node}`,
    command: `npm run test:faults -- ${argv.join(' ')}`,
  };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
