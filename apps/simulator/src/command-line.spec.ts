import { describe, expect, it } from '@jest/globals';
import { CommanderError } from 'commander';
import { readCommandLine } from './command-line.js';

function read(...argv: string[]): {
  printed: string;
  error: unknown;
  options: ReturnType<typeof readCommandLine> | null;
} {
  let printed = '';
  const write = (text: string): void => {
    printed += text;
  };
  try {
    return { options: readCommandLine(argv, { write }), printed, error: null };
  } catch (error) {
    return { options: null, printed, error };
  }
}

describe('the command line', () => {
  it('needs nothing and then writes ten rows a second until it is stopped', () => {
    const { options } = read();
    expect(options).toMatchObject({
      shape: 'current',
      create: false,
      rate: 10,
      batch: { min: 1, max: 1_000 },
      seed: '1',
    });
    expect(options?.rows).toBeUndefined();
  });

  it('reads every kind of value', () => {
    const argv = '--create --shape early-2025 --partitioned --rate 0 --rows 5 --batch 3-7 --now 2026-11-01T12:00:00Z';
    expect(read(...argv.split(' ')).options).toMatchObject({
      create: true,
      shape: 'early-2025',
      partitioned: true,
      rate: 0,
      rows: 5,
      batch: { min: 3, max: 7 },
      now: Date.UTC(2026, 10, 1, 12),
    });
    expect(read('--batch', '100').options?.batch).toEqual({ min: 100, max: 100 });
  });

  it.each([
    [['--rate', '-1'], '--rate', 'a number from 0 up'],
    [['--rows', '1.5'], '--rows', 'a whole number from 0'],
    [['--batch', '9-3'], '--batch', '<min>-<max>'],
    [['--now', 'yesterday'], '--now', 'ISO 8601'],
    [['--now', '2026-11-01T12:00:00'], '--now', 'with its offset'],
    [['--shape', 'old'], '--shape', 'current, early-2025'],
    [['--size', 'huge'], '--size', 'small, medium, large'],
    [['--models', '0'], '--models', 'from 1 to'],
    [['--sed', '1'], '--sed', '--seed'],
    [['surplus'], 'surplus', 'every option has a name'],
  ])('refuses %j by naming the option and the accepted form', (argv, option, form) => {
    const { error, printed } = read(...argv);
    expect((error as CommanderError).exitCode).not.toBe(0);
    expect(printed).toContain(option);
    expect(printed).toContain(form);
  });

  it('shows examples and exit codes in its help', () => {
    const { error, printed } = read('--help');
    expect(error).toBeInstanceOf(CommanderError);
    expect((error as CommanderError).exitCode).toBe(0);
    expect(printed).toContain('Examples:');
    expect(printed).toContain('Exit codes:');
  });
});
