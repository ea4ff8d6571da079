import { ConfigInvalid } from '@app/config';
import { CommanderError } from 'commander';
import { readCommandLine } from './command-line.js';
import { connectionSettings } from './connection.js';
import { simulate } from './simulate.js';

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());

try {
  const commandLine = readCommandLine(process.argv.slice(2));
  const connection = connectionSettings(process.env, commandLine.databaseUrl);
  await simulate({ commandLine, connection, signal: stop.signal, print: (line) => process.stdout.write(`${line}\n`) });
} catch (error) {
  process.exitCode = exitCodeOf(error);
}

function exitCodeOf(error: unknown): number {
  // Commander has printed its message already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const message = error instanceof Error ? error.message || (error as NodeJS.ErrnoException).code : String(error);
  process.stderr.write(`simulator: ${message}\n`);
  return error instanceof ConfigInvalid ? 2 : 1;
}
