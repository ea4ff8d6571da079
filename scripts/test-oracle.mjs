import { execFileSync, spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

/** The oracle by itself: `npm run test:oracle -- [--rounds N] [--seed S]`. Rounds have seeds of their own, and compare after each step. */
const { values } = parseArgs({ options: { rounds: { type: 'string' }, seed: { type: 'string' } } });
const env = { ...process.env };
if (values.rounds !== undefined) env.ORACLE_ROUNDS = values.rounds;
if (values.seed !== undefined) env.ORACLE_SEED = values.seed;

execFileSync('npm', ['run', 'build'], { stdio: 'inherit' });
const { status } = spawnSync('npm', ['run', 'jest', '--', '-i', 'test/e2e/oracle'], { env, stdio: 'inherit' });
process.exitCode = status ?? 1;
