/** The settings that shape aggregates; a generation of stored state belongs to one set of them (its fingerprint). */
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
