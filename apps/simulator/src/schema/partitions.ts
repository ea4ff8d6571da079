import type { Database } from '../database.js';

/** The column by which LiteLLM partitions its spend logs. */
export const PARTITION_KEY = 'startTime';

const DAY = 86_400_000;

/** LiteLLM makes this many daily partitions ahead. */
const AHEAD = 7;

/** A day in UTC, as the milliseconds of its beginning. */
export function dayOf(time: number): number {
  return Math.floor(time / DAY) * DAY;
}

/** The days that a partitioned table needs, from `back` days ago to a week ahead. */
export function daysAround(now: number, back: number): number[] {
  const today = dayOf(now);
  return Array.from({ length: back + 1 + AHEAD }, (_, index) => today + (index - back) * DAY);
}

/** Name of a day's leaf table, like `LiteLLM_SpendLogs_p20261123`, or of the one for all other rows. */
export function partitionName(day: number | 'default'): string {
  const suffix = day === 'default' ? 'default' : new Date(day).toISOString().slice(0, 10).replaceAll('-', '');
  return `LiteLLM_SpendLogs_p${suffix}`;
}

/** The statement that makes a leaf. */
export function createPartition(database: Database, day: number | 'default'): string {
  const head = `CREATE TABLE ${database.table(partitionName(day))} PARTITION OF ${database.table('LiteLLM_SpendLogs')}`;
  if (day === 'default') return `${head} DEFAULT`;
  // The offset is for timestamptz; timestamp ignores it, and the bound is the same instant.
  const bound = (time: number): string => `'${new Date(time).toISOString().slice(0, 10)} 00:00:00+00'`;
  return `${head} FOR VALUES FROM (${bound(day)}) TO (${bound(day + DAY)})`;
}
