import { loadConfig } from '@app/config';
import { Command, InvalidArgumentError } from 'commander';
import { dropSlot } from './drop-slot.js';

/** What the commands stand on. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly print: (line: string) => void;
}

/** Runs the command of the words. Returns the exit code. @throws CommanderError, ConfigInvalid */
export async function runCommand(words: readonly string[], { env, print }: Surroundings): Promise<number> {
  let code = 0;
  const program = new Command('litellm-exporter-cli')
    .description('What is done beside the running exporter. It reads the same environment variables.')
    .exitOverride();
  program
    .command('slot')
    .description('the replication slot')
    .command('drop')
    .description(
      'drop the slot for good, and end the exporter that holds it; for one who takes the exporter out of service',
    )
    .option('--wait <seconds>', 'how long a consumer that comes back is ended again', seconds, 45)
    .option('--best-effort', 'tell a failure, and succeed all the same', false)
    .action(async ({ wait, bestEffort }: { wait: number; bestEffort: boolean }) => {
      code = await dropSlot({ config: loadConfig(env), patience: wait * 1000, bestEffort, print });
    });
  await program.parseAsync(words, { from: 'user' });
  return code;
}

function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 3600)) throw new InvalidArgumentError('expected seconds, more than 0 and at most 3600.');
  return value;
}
