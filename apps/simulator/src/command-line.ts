import { Command, InvalidArgumentError, Option } from 'commander';
import type { BatchSize } from './simulator.js';
import type { SizeName, WorldSize } from './world/sizes.js';

/** What the command line says, validated. */
export interface CommandLine {
  readonly databaseUrl?: string;
  readonly schema?: string;
  readonly shape: 'current' | 'early-2025';
  readonly partitioned: boolean;
  readonly columnOrder: 'migrated' | 'shuffled';
  readonly timestamps: 'timestamp' | 'timestamptz';
  readonly create: boolean;
  readonly rate: number;
  readonly rows?: number;
  readonly batch: BatchSize;
  readonly writers: number;
  readonly flushEvery: number;
  readonly stepEvery: number;
  readonly seed: string;
  readonly now?: number;
  readonly size: SizeName;
  readonly promptBytes: number;
  readonly invented: boolean;
  readonly historyRows: number;
  readonly historyDays: number;
  readonly verbose: boolean;
  readonly orgs?: number;
  readonly teams?: number;
  readonly users?: number;
  readonly keys?: number;
  readonly models?: number;
  readonly tags?: number;
}

/** The options that set one part of the world's size, and the part. */
export const sizeOptions: Readonly<Record<'orgs' | 'teams' | 'users' | 'keys' | 'models' | 'tags', keyof WorldSize>> = {
  orgs: 'organizations',
  teams: 'teams',
  users: 'users',
  keys: 'keys',
  models: 'models',
  tags: 'tags',
};

const examples = `
Examples:
  Tables, a small company and 20 requests a second, until Ctrl-C:
    simulator --database-url postgresql://postgres@localhost/litellm --create --rate 20
  Ten million rows of the last 30 days for a benchmark, and no traffic:
    simulator --create --size medium --history-rows 10000000 --history-days 30 --rows 0
  The same 5,000 rows each time, on the schema of early 2025, partitioned by day:
    simulator --create --shape early-2025 --partitioned --seed 7 --now 2026-11-01T12:00:00Z --rows 5000 --rate 0

Without --database-url the database is that of the exporter's settings: DATABASE_URL, or LITELLM_DB_HOST,
LITELLM_DB_PORT, LITELLM_DB_NAME, LITELLM_DB_USER, LITELLM_DB_PASSWORD, LITELLM_DB_SCHEMA, LITELLM_DB_SSLMODE.
Exit codes: 0 done or stopped by a signal, 1 PostgreSQL failed, 2 a wrong option or setting.`;

function whole(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
  };
}

function decimal(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a number from 0 up, like 0, 2.5 or 1000.');
}

function batchSize(text: string): BatchSize {
  const [, first, second] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? [];
  const min = Number(first);
  const max = Number(second ?? first);
  if (first !== undefined && min >= 1 && min <= max && max <= 10_000) return { min, max };
  throw new InvalidArgumentError('Expected <min>-<max> or <size>, from 1 to 10000, like 1-1000.');
}

function time(text: string): number {
  const milliseconds = Date.parse(text);
  // A time without offset would mean another instant on another machine.
  if (/^\d{4}-\d{2}-\d{2}T[\d:.]+(Z|[+-]\d{2}:\d{2})$/.test(text) && Number.isFinite(milliseconds)) return milliseconds;
  throw new InvalidArgumentError('Expected an ISO 8601 time with its offset, like 2026-11-01T12:00:00Z.');
}

const MANY = 1_000_000;

/** The command with all its options; nothing is read yet. */
export function simulatorCommand(): Command {
  const command = new Command('simulator')
    .description("Creates LiteLLM's tables in an empty database and writes believable LiteLLM traffic into them.")
    .allowExcessArguments()
    .showHelpAfterError('Run with --help for all options and examples.')
    .addHelpText('after', examples);
  addDatabaseOptions(command);
  addTrafficOptions(command);
  addWorldOptions(command);
  return command;
}

function addDatabaseOptions(command: Command): void {
  command
    .option('--database-url <url>', 'postgresql://user:password@host:port/database, instead of the environment')
    .option('--schema <name>', 'schema of the tables (default: that of the settings, else public)')
    .addOption(choice('--shape <version>', 'LiteLLM version of the tables', ['current', 'early-2025']))
    .option('--partitioned', 'spend logs partitioned by day', false)
    .addOption(choice('--column-order <order>', 'physical order of columns', ['migrated', 'shuffled']))
    .addOption(choice('--timestamps <type>', 'type of the three time columns', ['timestamp', 'timestamptz']))
    .option('--create', 'make schema and tables first', false);
}

function addTrafficOptions(command: Command): void {
  command
    .option('--rate <rows/s>', 'rows a second; 0 is as fast as possible', decimal, 10)
    .option(
      '--rows <n>',
      'end after so many rows; 0 writes no traffic (default: go on)',
      whole(0, Number.MAX_SAFE_INTEGER),
    )
    .addOption(
      new Option('--batch <min-max>', 'rows of a transaction')
        .argParser(batchSize)
        .default({ min: 1, max: 1_000 }, '1-1000'),
    )
    .option('--writers <n>', 'transactions at once, as of so many proxies', whole(1, 32), 1)
    .option('--flush-every <s>', 'seconds between updates of entity spend; 0 for none', decimal, 5)
    .option('--step-every <s>', 'seconds between rotations, renames, resets and the like; 0 for none', decimal, 5)
    .option('--prompt-bytes <n>', 'bytes of prompt in every row', whole(0, 100_000_000), 0)
    .option('--no-invented', 'no models and tags that callers make up, new ones all the time')
    .option('--history-rows <n>', 'rows of history to write before traffic', whole(0, Number.MAX_SAFE_INTEGER), 0)
    .option('--history-days <n>', 'days over which history lies', whole(1, 3_650), 30)
    .option('--verbose', 'a line for every step', false);
}

function addWorldOptions(command: Command): void {
  command
    .option('--seed <text>', 'names world and traffic', '1')
    .option('--now <time>', 'start of a clock that moves with the rows: equal runs are then equal', time)
    .addOption(choice('--size <size>', 'how large the company is', ['small', 'medium', 'large']));
  for (const [option, part] of Object.entries(sizeOptions)) {
    command.option(`--${option} <n>`, `${part}, instead of the size's`, whole(option === 'models' ? 1 : 0, MANY));
  }
}

/** An option of a few words; the first is the default. */
function choice(flags: string, description: string, choices: readonly string[]): Option {
  return new Option(flags, description).choices(choices).default(choices[0]);
}

/**
 * Reads the arguments that follow the program's name.
 *
 * @throws CommanderError with exit code 0 after `--help`, else with what was wrong, which has been printed already
 */
export function readCommandLine(
  argv: readonly string[],
  output?: { readonly write: (text: string) => void },
): CommandLine {
  const command = simulatorCommand().exitOverride();
  if (output !== undefined) command.configureOutput({ writeOut: output.write, writeErr: output.write });
  command.parse([...argv], { from: 'user' });
  if (command.args.length > 0)
    command.error(`error: unexpected argument '${command.args[0]}'; every option has a name`);
  return command.opts<CommandLine>();
}
