import { Undecodable } from './undecodable.js';

const TIMESTAMP =
  /^(\d{4,6})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?([+-])(\d\d)(?::?(\d\d))?(?::?(\d\d))?$/;

/**
 * Reads `2026-11-23 18:48:07.123456+00`, as PostgreSQL's timestamptz_to_str writes it whatever DateStyle says, in the
 * time zone of the session. Gives milliseconds since the Unix epoch with the microseconds as fraction.
 *
 * @throws Undecodable when the text has another form.
 */
export function parseCommitTime(text: unknown): number {
  const match = typeof text === 'string' ? TIMESTAMP.exec(text) : null;
  if (match === null) throw new Undecodable('commit time in an unknown form');
  const [, year, month, day, hour, minute, second, fraction, sign, zoneHours, zoneMinutes, zoneSeconds] = match;
  const local = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  const zone = (Number(zoneHours) * 3600 + Number(zoneMinutes ?? 0) * 60 + Number(zoneSeconds ?? 0)) * 1000;
  const utc = sign === '-' ? local + zone : local - zone;
  return fromMicroseconds(utc * 1000 + Number((fraction ?? '').padEnd(6, '0')));
}

/** Milliseconds with a fraction out of whole microseconds: one division for both plugins, so that they agree to the bit. */
export function fromMicroseconds(microseconds: number): number {
  return microseconds / 1000;
}
