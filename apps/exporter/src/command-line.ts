import { CONFIG_INVALID_EXIT_CODE, SETTING_GROUPS, type SettingRow, settingsTable } from '@app/config';
import { Command, CommanderError } from 'commander';
import { BUILD_FACTS } from './build-facts.js';

const EXIT_CODES = `Exit codes:
  0  after SIGTERM or SIGINT, --help and --version
  1  the process could not go on, or a stop failed or was cut short by a second signal; the last lines say why
  2  a wrong setting, argument or port, named with what is accepted`;

/** What `--help` says below the options: the settings under their headings, and the exit codes. */
export function furtherHelp(): string {
  const sections = SETTING_GROUPS.map((group) => {
    const rows = settingsTable().filter((row) => row.group === group);
    return `${group}:\n${rows.map(settingHelp).join('\n')}`;
  });
  return `\nEverything is set by environment variables:\n\n${[...sections, EXIT_CODES].join('\n\n')}\n`;
}

function settingHelp(row: SettingRow): string {
  const standard = row.defaultInWords ?? row.default;
  const twin = row.fileTwin === null ? '' : `, or ${row.fileTwin}`;
  const heading = `  ${row.name}${twin}${standard === null ? '' : ` (default: ${standard})`}`;
  return `${heading}\n      ${row.description}\n      accepted: ${row.accepted}`;
}

/** Answers `--help` and `--version`, and refuses what is not understood with exit code 2; returns where there is nothing to answer. */
export function answerCommandLine(words: readonly string[]): void {
  const command = new Command('litellm-exporter')
    .description('Prometheus exporter for LiteLLM, fed by PostgreSQL logical replication')
    .version(BUILD_FACTS.version)
    .addHelpText('after', furtherHelp)
    .allowExcessArguments(false)
    .exitOverride();
  try {
    command.parse(words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exit(error.exitCode === 0 ? 0 : CONFIG_INVALID_EXIT_CODE);
  }
}
