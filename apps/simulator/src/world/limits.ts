import type { Random } from '../random.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Limits that most entities lack; 0 is a real one. */
export interface DrawnLimits {
  max_parallel_requests: number | null;
  tpm_limit: number | null;
  rpm_limit: number | null;
}

/** A budget that resets, one that does not, or none. */
export interface DrawnBudget {
  max_budget: number | null;
  budget_duration: string | null;
  budget_reset_at: number | null;
}

const durations: readonly (readonly [duration: string, milliseconds: number])[] = [
  ['1h', HOUR],
  ['24h', DAY],
  ['7d', 7 * DAY],
  ['30d', 30 * DAY],
  ['1mo', 30 * DAY],
];

function limit(random: Random, values: readonly number[]): number | null {
  return random.weighted<number | null>([
    [60, null],
    [3, 0],
    [37, random.pick(values)],
  ]);
}

/** Rate limits of an entity. The largest exceed 32 bits: the columns are bigint. */
export function drawLimits(random: Random): DrawnLimits {
  return {
    max_parallel_requests: limit(random, [1, 5, 10, 100]),
    tpm_limit: limit(random, [1_000, 100_000, 2_000_000, 5_000_000_000]),
    rpm_limit: limit(random, [10, 60, 600, 10_000]),
  };
}

/** Amounts in USD, as people type them and as divisions leave them. */
export function drawAmount(random: Random): number {
  return random.weighted([
    [4, 0],
    [1, 1e-7],
    [70, random.pick([1, 5, 10, 25, 50, 100, 250, 1_000, 10_000])],
    [25, random.logNormal(40, 1.5)],
  ]);
}

/** The budget columns of keys, users, teams and budget rows. */
export function drawBudget(random: Random, now: number, share: number): DrawnBudget {
  if (!random.chance(share)) return { max_budget: null, budget_duration: null, budget_reset_at: null };
  const max_budget = drawAmount(random);
  if (random.chance(0.3)) return { max_budget, budget_duration: null, budget_reset_at: null };
  const [budget_duration, milliseconds] = random.pick(durations);
  // The reset job runs every ten minutes, so a reset that lies a few minutes back is normal.
  const budget_reset_at = now + Math.round(random.next() * milliseconds) - (random.chance(0.1) ? 10 * 60_000 : 0);
  return { max_budget, budget_duration, budget_reset_at };
}

/** When a budget of that duration resets next. */
export function nextReset(duration: string | null, now: number): number | null {
  const found = durations.find(([name]) => name === duration);
  return found === undefined ? null : (Math.floor(now / found[1]) + 1) * found[1];
}

/** Model lists: everything, nothing, the team's, special names between real ones, and plain lists with repetitions. */
export function drawModels(random: Random, groups: readonly string[], forKey: boolean): string[] {
  const some = Array.from({ length: random.integer(1, 4) }, () => random.pick(groups));
  return random.weighted<string[]>([
    [40, []],
    [35, some],
    [8, ['all-proxy-models']],
    [3, ['no-default-models']],
    [forKey ? 10 : 0, ['all-team-models']],
    [2, [...some, 'all-proxy-models']],
    [2, [...some, ...some]],
  ]);
}
