import type { AggregateSettings } from './settings.js';
import type { WindowName } from './view.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Bucket widths a window may be cut into, in milliseconds (METRICS.md section 1). */
const WIDTHS = [
  SECOND,
  5 * SECOND,
  10 * SECOND,
  30 * SECOND,
  MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  30 * MINUTE,
  HOUR,
  6 * HOUR,
  DAY,
] as const;

/** A window's length and the width of its buckets, in milliseconds. */
export interface WindowSpec {
  readonly length: number;
  readonly bucket: number;
}

/** The widest bucket that is not above a 120th of the window, never below one second. */
export function bucketWidth(length: number): number {
  return WIDTHS.findLast((width) => width <= length / 120) ?? SECOND;
}

/** Start of the bucket that holds `time`; buckets are aligned to the Unix epoch in UTC. */
export function bucketOf(spec: WindowSpec, time: number): number {
  return Math.floor(time / spec.bucket) * spec.bucket;
}

/** The oldest bucket in the window at `now`: rows with `ts >= edge` count. */
export function edgeOf(spec: WindowSpec, now: number): number {
  return bucketOf(spec, now - spec.length);
}

/** The five windows under the given settings; K and M are fixed. */
export function windowSpecs(settings: Pick<AggregateSettings, 'windows'>): Readonly<Record<WindowName, WindowSpec>> {
  const spec = (length: number): WindowSpec => ({ length, bucket: bucketWidth(length) });
  return {
    S: spec(settings.windows.spend),
    R: spec(settings.windows.request),
    E: spec(settings.windows.error),
    K: spec(30 * DAY),
    M: spec(MINUTE),
  };
}
