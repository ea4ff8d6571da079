import type { Delta } from './delta.js';
import { emptyRecord, type RecordedState, type StateRecord } from './record.js';
import { type AggregateSettings, sameSettings } from './settings.js';
import { type AggregateState, ALL_SERIES_KINDS } from './state.js';
import { type HistogramKind, SERIES_KINDS, type WindowName } from './view.js';
import { bucketOf, edgeOf, windowSpecs } from './windows.js';

/** Starts of seeds that a state remembers: more than may begin within an hour. */
const REMEMBERED_STARTS = 8;

/**
 * What a new state begins with: counters go on from the old one, and so does what is known of replaced tokens. A
 * histogram whose bounds have changed starts anew: what was counted below other bounds can't be told apart again.
 */
export function inheritedRecord(before: AggregateState | null, settings: AggregateSettings, now: number): StateRecord {
  const record = emptyRecord((before?.version ?? 0) + 1, now);
  if (before === null) return record;
  const changed = changedHistograms(before.settings, settings);
  const { folded } = before.counterTable;
  return {
    ...record,
    counters: [...before.counterTable.counterValues()],
    histograms: [...before.counterTable.histogramValues()].filter(({ kind }) => !changed.includes(kind)),
    folded: Object.fromEntries(Object.entries(folded).filter(([kind]) => !changed.some((other) => other === kind))),
    replacedTokens: [...before.entities.replacedTokens()],
  };
}

function changedHistograms(before: AggregateSettings, after: AggregateSettings): HistogramKind[] {
  const differ = (one: readonly number[], other: readonly number[]): boolean => String(one) !== String(other);
  const changed: HistogramKind[] = [];
  if (differ(before.durationBuckets, after.durationBuckets)) changed.push('request_duration');
  if (differ(before.ttftBuckets, after.ttftBuckets)) changed.push('time_to_first_token');
  return changed;
}

/** Which part of an old state is kept, and for what. */
export interface CarryOver {
  readonly settings: AggregateSettings;
  /** Buckets that end later are what the table says of them. */
  readonly until: number;
  readonly now: number;
}

/**
 * Adds what `before` holds in buckets that end at or before `until` and are still in their window. Where the width of
 * buckets has changed, an old bucket counts as a whole from its start: it leaves by its old width early at most.
 */
export function carryOver(before: AggregateState, delta: Delta, { settings, until, now }: CarryOver): void {
  const specs = windowSpecs(settings);
  for (const kind of ALL_SERIES_KINDS) {
    const { window } = SERIES_KINDS[kind];
    if (window === 'M') continue;
    const width = before.specs[window].bucket;
    const edge = Math.max(edgeOf(before.specs[window], now), edgeOf(specs[window], now));
    const table = before.table(kind);
    const keys = new Map([...table.names()].map(({ id, key }) => [id, key]));
    for (const [id, bucket, ...values] of table.pairValues() as Iterable<[number, number, ...number[]]>) {
      const key = keys.get(id);
      if (key === undefined || bucket < edge || bucket + width > until) continue;
      if (kind === 'spend_by_tag' && settings.tagExclude?.test(key[0] as string) === true) continue;
      delta.addValues(kind, key, bucketOf(specs[window], bucket), values);
    }
  }
}

/**
 * Since when a new state is whole, in milliseconds: as far back as the table reaches, or the old state together with it.
 * Where an old window was shorter than the new one, the old state reaches back no further than that; one time has to do
 * for all windows, so it is that of the window that is whole for the shortest time.
 *
 * @param table since when the table's own rows make it whole
 */
export function coveredSince(before: AggregateState, settings: AggregateSettings, table: number, now: number): number {
  const specs = windowSpecs(settings);
  const known = Number(before.figures.covered_since ?? table);
  const since = (Object.keys(specs) as WindowName[])
    .filter((window) => window !== 'M')
    .map((window) => {
      const covered = Math.min(table, Math.max(known, edgeOf(before.specs[window], now)));
      return { covered, lacking: covered > edgeOf(specs[window], now) };
    });
  const lacking = since.filter((one) => one.lacking).map(({ covered }) => covered);
  return lacking.length > 0 ? Math.max(...lacking) : Math.min(known, table);
}

/** When the settings of a new state came into force, in milliseconds by PostgreSQL's clock. */
export function settingsSince(before: AggregateState | null, settings: AggregateSettings, now: number): number {
  if (before === null || !sameSettings(before.settings, settings)) return now;
  return Number(before.figures.settings_since ?? now);
}

/** When the new seeds of a state began, whoever took them, in milliseconds by PostgreSQL's clock, ascending. */
export function seedStarts(state: RecordedState | null): number[] {
  const text = String(state?.figure('seed_starts') ?? '');
  return text === '' ? [] : text.split(',').map(Number);
}

/** The text of {@link seedStarts} with one more. */
export function withSeedStart(before: RecordedState | null, start: number): string {
  return [...seedStarts(before), start].slice(-REMEMBERED_STARTS).join(',');
}
