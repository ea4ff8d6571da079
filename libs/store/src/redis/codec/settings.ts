import { createHash } from 'node:crypto';
import type { AggregateSettings } from '@app/aggregates';

/** Settings as JSON with a fixed order of fields: equal settings give equal text. */
export function encodeSettings(settings: AggregateSettings): string {
  const { windows, durationBuckets, ttftBuckets, tagExclude, rowMaxAge, maxSeries } = settings;
  return JSON.stringify({
    windows: { spend: windows.spend, request: windows.request, error: windows.error },
    durationBuckets,
    ttftBuckets,
    tagExclude: tagExclude === null ? null : [tagExclude.source, tagExclude.flags],
    rowMaxAge,
    maxSeries,
  });
}

/** Sixteen hexadecimal digits that differ where settings differ. */
export function fingerprintOf(settings: AggregateSettings): string {
  return createHash('sha256').update(encodeSettings(settings)).digest('hex').slice(0, 16);
}
