import { CONFIG_INVALID_EXIT_CODE, settingsTable } from '@app/config';
import { Command, CommanderError } from 'commander';
import { BUILD_FACTS } from './build-facts.js';

function settingsHelp(): string {
  const lines = settingsTable().map((row) => {
    const standard = row.defaultInWords ?? row.default;
    const twin = row.fileTwin === null ? '' : `, or ${row.fileTwin}`;
    const heading = `  ${row.name}${twin}${standard === null ? '' : ` (default: ${standard})`}`;
    return `${heading}\n      ${row.description}\n      accepted: ${row.accepted}`;
  });
  return `\nEverything is set by environment variables:\n${lines.join('\n')}\n`;
}

/** Answers `--help` and `--version`, and refuses what is not understood with exit code 2; returns where there is nothing to answer. */
export function answerCommandLine(words: readonly string[]): void {
  const command = new Command('litellm-exporter')
    .description('Prometheus exporter for LiteLLM, fed by PostgreSQL logical replication')
    .version(BUILD_FACTS.version)
    .addHelpText('after', settingsHelp)
    .allowExcessArguments(false)
    .exitOverride();
  try {
    command.parse(words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exit(error.exitCode === 0 ? 0 : CONFIG_INVALID_EXIT_CODE);
  }
}
