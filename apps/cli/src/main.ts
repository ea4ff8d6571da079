import { CONFIG_INVALID_EXIT_CODE, ConfigInvalid } from '@app/config';
import { CommanderError } from 'commander';
import { runCommand } from './command-line.js';

try {
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  process.exitCode = await runCommand(process.argv.slice(2), { env: process.env, print });
} catch (error) {
  process.exitCode = exitCodeOf(error);
}

function exitCodeOf(error: unknown): number {
  // Commander has printed its message already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : CONFIG_INVALID_EXIT_CODE;
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  return error instanceof ConfigInvalid ? CONFIG_INVALID_EXIT_CODE : 1;
}
