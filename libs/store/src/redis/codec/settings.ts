import { createHash } from 'node:crypto';
import { type AggregateSettings, encodeSettings } from '@app/aggregates';

/** Sixteen hexadecimal digits that differ where settings differ. */
export function fingerprintOf(settings: AggregateSettings): string {
  return createHash('sha256').update(encodeSettings(settings)).digest('hex').slice(0, 16);
}
