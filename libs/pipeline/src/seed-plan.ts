import { type AggregateSettings, type RecordedState, type StateStore, sameSettings, seedStarts } from '@app/aggregates';
import type { pauseBeforeSeed } from './reseed-pacing.js';

const HOUR = 3_600_000;
/** Milliseconds for which settings that came into force later than a process began are not turned back by it. */
const SETTLED = 600_000;

/** Begins what is said of a state that this process would have made otherwise. */
export const OTHER_SETTINGS =
  'the stored state was made under other settings (windows, buckets, METRICS_TAG_EXCLUDE, ROW_MAX_AGE or METRICS_MAX_SERIES_PER_METRIC)';

/** Times that {@link pauseBeforeSettings} decides by, in milliseconds by PostgreSQL's clock. */
export interface SettingsTimes {
  /** When the settings of the stored state came into force. */
  readonly since: number;
  /** When this process, which was told others, began. */
  readonly began: number;
  readonly now: number;
}

/**
 * How long a writer goes on under the stored settings before its own take their place. One that began after they came
 * into force is the newer roll-out, or the way back from one: at once. One that began before is what a roll-out leaves
 * behind; it would turn the state back, and its successor forth again, so it waits until the stored settings have been
 * in force for ten minutes. By then either it is gone, or its settings are the ones that are wanted.
 *
 * @returns milliseconds; 0 when they may take their place
 */
export function pauseBeforeSettings({ since, began, now }: SettingsTimes): number {
  return began > since ? 0 : Math.max(0, since + SETTLED - now);
}

/** Tells one state from the next: each seed has a time of its own. */
export function lastSeed({ state }: StateStore): unknown {
  return state?.figure('seed_completed_timestamp_seconds');
}

/** What a plan is made of. */
export interface SeedPlanOptions {
  /** Settings that this process was told. */
  readonly settings: AggregateSettings;
  readonly pace: typeof pauseBeforeSeed;
}

/**
 * When a new seed may begin, and under which settings: by what this process remembers, and by what the state says of
 * seeds that others took. All times are PostgreSQL's, in milliseconds.
 */
export class SeedPlan {
  readonly #options: SeedPlanOptions;
  readonly #created = performance.now();
  #starts: readonly number[] = [];
  #seeded = false;

  constructor(options: SeedPlanOptions) {
    this.#options = options;
  }

  /** A seed has begun to read. */
  begin(at: number): void {
    this.#starts = [...this.#starts.filter((start) => at - start < HOUR), at];
  }

  /** A seed is whole. The first of a process is not held against the next: where it was a new one, the state says so. */
  done(): void {
    if (!this.#seeded) this.#starts = [];
    this.#seeded = true;
  }

  /** How long to wait before a new seed, in milliseconds. */
  pause(state: RecordedState | null, now: number): number {
    const starts = new Set([...this.#starts, ...seedStarts(state)]);
    const recent = [...starts].filter((start) => now - start < HOUR);
    return this.#options.pace(
      recent.sort((one, other) => one - other),
      now,
    );
  }

  /** How long to wait until this process's settings take the place of the state's; null where they are the same. */
  pauseBeforeOwnSettings(state: RecordedState | null, now: number): number | null {
    if (state === null || sameSettings(state.settings, this.#options.settings)) return null;
    return Math.max(this.#settling(state, now), this.pause(state, now));
  }

  /** What a seed that begins now is taken with: whatever its reason is, it must not turn newer settings back. */
  settings(state: RecordedState | null, now: number): AggregateSettings {
    return state === null || this.#settling(state, now) === 0 ? this.#options.settings : state.settings;
  }

  #settling(state: RecordedState, now: number): number {
    const began = now - (performance.now() - this.#created);
    return pauseBeforeSettings({ since: Number(state.figure('settings_since') ?? 0), began, now });
  }
}
