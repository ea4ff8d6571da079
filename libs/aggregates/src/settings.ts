/**
 * The settings that shape aggregates. A generation of stored state belongs to one set of them, is written and read with
 * it, and bears its fingerprint. Which families are shown is none of them: a state holds what every family needs.
 */
export interface AggregateSettings {
  /** Lengths of the windows S, R and E in milliseconds (METRICS.md section 1). K is 30 days, M one minute. */
  readonly windows: { readonly spend: number; readonly request: number; readonly error: number };
  /** Upper bounds of `litellm_request_duration_seconds`, ascending, in seconds, without +Inf. */
  readonly durationBuckets: readonly number[];
  /** Upper bounds of `litellm_time_to_first_token_seconds`, likewise. */
  readonly ttftBuckets: readonly number[];
  /** Tags that match are left out; null keeps all. */
  readonly tagExclude: RegExp | null;
  /** A row whose endTime lies further behind its commit is history, in milliseconds. */
  readonly rowMaxAge: number;
  /** Label sets a counter or histogram family may have before new ones fold into `other`; 0 = no cap. */
  readonly maxSeries: number;
}

/** {@link AggregateSettings} as JSON has them. */
interface SettingsText extends Omit<AggregateSettings, 'tagExclude'> {
  readonly tagExclude: readonly [source: string, flags: string] | null;
}

/** Settings as JSON with a fixed order of fields: equal settings give equal text. */
export function encodeSettings(settings: AggregateSettings): string {
  const { windows, durationBuckets, ttftBuckets, tagExclude, rowMaxAge, maxSeries } = settings;
  const text: SettingsText = {
    windows: { spend: windows.spend, request: windows.request, error: windows.error },
    durationBuckets,
    ttftBuckets,
    tagExclude: tagExclude === null ? null : [tagExclude.source, tagExclude.flags],
    rowMaxAge,
    maxSeries,
  };
  return JSON.stringify(text);
}

/** Reads what {@link encodeSettings} wrote. @throws SyntaxError, RangeError for anything else. */
export function decodeSettings(text: string): AggregateSettings {
  const { tagExclude, ...settings } = JSON.parse(text) as SettingsText;
  const decoded = { ...settings, tagExclude: tagExclude === null ? null : new RegExp(...tagExclude) };
  if (encodeSettings(decoded) !== text) throw new RangeError('these are no settings of this version');
  return decoded;
}

/** True where both shape aggregates alike. */
export function sameSettings(one: AggregateSettings, other: AggregateSettings): boolean {
  return encodeSettings(one) === encodeSettings(other);
}
