import { type AggregateSettings, type AggregateState, SeedFold } from '@app/aggregates';
import type { SpendFact } from '@app/litellm';
import { insert } from './fake-postgres.js';
import { fact } from './given-fact.js';
import { SETTINGS, spend } from './given-pipeline.js';
import { GivenSteps } from './given-steps.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Math.floor(Date.now() / (6 * HOUR)) * 6 * HOUR + HOUR;

/** Lengths of time, and the time of every seed unless it is told another: an hour into a bucket of six. */
export const SEED_TIMES = { HOUR, DAY, NOW };

/** What a seed is told; nothing of it by default. */
export interface SeedWish {
  readonly settings?: AggregateSettings;
  readonly before?: AggregateState | null;
  readonly lastCommitTime?: number | null;
  readonly now?: number;
}

/** A seed that has read nothing yet. */
export function seeding({
  settings = SETTINGS,
  before = null,
  lastCommitTime = null,
  now = NOW,
}: SeedWish = {}): SeedFold {
  return new SeedFold({ settings, snapshotTime: now, before, lastCommitTime, reason: 'first' });
}

/** Hands rows to a seed. */
export function takeRows(fold: SeedFold, rows: readonly SpendFact[]): void {
  for (const row of rows) fold.row(row, row);
}

/** Finishes a seed of thirty days. */
export function endOfSeed(fold: SeedFold, oldest: number | null, keepBefore = false): AggregateState {
  return fold.finish(oldest, { keepBefore, since: NOW - 30 * DAY, seconds: 1 }) as AggregateState;
}

/** A row that began and ended at this time. */
export function at(startTime: number, facts: Partial<SpendFact> = {}): SpendFact {
  return fact({ startTime, endTime: startTime, ...facts }, startTime);
}

/** Milliseconds as PostgreSQL's tables have times. */
export function iso(time: number): string {
  return new Date(time).toISOString();
}

/** A state that has counted one row of each age. */
export function oldState(...ages: number[]): GivenSteps {
  const steps = new GivenSteps({}, NOW - 40 * DAY);
  steps.step([
    insert('team', { team_id: 'team-1', team_alias: 'one', spend: 0 }),
    insert('key', { token: 'key-1', key_name: 'sk-1', spend: 0 }),
  ]);
  for (const age of [...ages].sort((one, two) => two - one)) {
    steps.now = NOW - age;
    steps.fold.moveClock(steps.now);
    steps.step([spend({ startTime: iso(NOW - age), endTime: iso(NOW - age), team_id: 'team-1', spend: 1 })]);
  }
  return steps;
}
