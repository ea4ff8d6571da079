import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readTimestamp, timeWithinRange } from './timestamp.js';

const instants = fc.date({
  min: new Date(Date.UTC(1, 0, 1) - 2_000 * 31_556_952_000),
  max: new Date(Date.UTC(20_000, 0, 1)),
  noInvalidDate: true,
});

/** What PostgreSQL prints for an instant under `DateStyle=ISO`. */
function printed(instant: Date, zone: string): string {
  const year = instant.getUTCFullYear();
  const era = year > 0 ? '' : ' BC';
  const digits = String(year > 0 ? year : 1 - year).padStart(4, '0');
  const [, rest = ''] = /^[+-]?\d+(-.*)Z$/.exec(instant.toISOString()) ?? [];
  const fraction = instant.getUTCMilliseconds() === 0 ? '' : rest.slice(rest.indexOf('.')).replace(/0+$/, '');
  return `${digits}${rest.slice(0, rest.indexOf('.')).replace('T', ' ')}${fraction}${zone}${era}`;
}

describe('readTimestamp', () => {
  it.each([
    ['2026-02-03 04:05:06', '2026-02-03T04:05:06.000Z'],
    ['2026-02-03 04:05:06.7', '2026-02-03T04:05:06.700Z'],
    ['2026-02-03 04:05:06.078', '2026-02-03T04:05:06.078Z'],
    ['2026-02-03 04:05:06.078999', '2026-02-03T04:05:06.078Z'],
    ['2026-02-03 04:05:06.123+00', '2026-02-03T04:05:06.123Z'],
    ['2026-02-03 04:05:06+00', '2026-02-03T04:05:06.000Z'],
    ['2026-02-03 04:05:06+05:30', '2026-02-02T22:35:06.000Z'],
    ['2026-02-03 04:05:06.5-08', '2026-02-03T12:05:06.500Z'],
    ['1890-01-01 00:00:00+00:53:28', '1889-12-31T23:06:32.000Z'],
    ['2026-02-03T04:05:06.123Z', '2026-02-03T04:05:06.123Z'],
    ['1969-12-31 23:59:59.999999', '1969-12-31T23:59:59.999Z'],
    ['0099-01-01 00:00:00', '0099-01-01T00:00:00.000Z'],
    ['0001-01-01 00:00:00', '0001-01-01T00:00:00.000Z'],
    ['0001-12-31 00:00:00 BC', '0000-12-31T00:00:00.000Z'],
    ['0044-03-15 12:00:00+00 BC', '-000043-03-15T12:00:00.000Z'],
    ['10000-01-01 00:00:00', '+010000-01-01T00:00:00.000Z'],
    ['2024-02-29 00:00:00', '2024-02-29T00:00:00.000Z'],
  ])('reads %s, without a zone as UTC', (text, iso) => {
    expect(new Date(readTimestamp(text) ?? Number.NaN).toISOString()).toBe(iso);
  });

  it.each(['infinity', '-infinity', '', 'now', '294276-12-31 23:59:59', '2026-02-03', '03/02/2026 04:05:06'])(
    'has no time for %j',
    (text) => {
      expect(readTimestamp(text)).toBeNull();
    },
  );

  it('reads back every instant as PostgreSQL prints it, with a zone and without', () => {
    fc.assert(
      fc.property(instants, fc.constantFrom('', '+00'), (instant, zone) => {
        expect(readTimestamp(printed(instant, zone))).toBe(instant.getTime());
      }),
    );
  });

  it('rounds down to the millisecond, before the epoch too', () => {
    fc.assert(
      fc.property(instants, fc.integer({ min: 0, max: 999 }), (instant, micros) => {
        const whole = new Date(Math.floor(instant.getTime() / 1_000) * 1_000);
        const millis = String(instant.getUTCMilliseconds()).padStart(3, '0');
        const text = printed(whole, '').replace(/( BC)?$/, `.${millis}${String(micros).padStart(3, '0')}$1`);
        expect(readTimestamp(text)).toBe(instant.getTime());
      }),
    );
  });

  it('never throws, and gives null or a time that a Date can hold', () => {
    const nearly = fc.stringMatching(/^[0-9]{1,6}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}[.+0-9: BCZ-]{0,12}$/);
    fc.assert(
      fc.property(fc.oneof(fc.string(), nearly), (text) => {
        const time = readTimestamp(text);
        expect(time === null || !Number.isNaN(new Date(time).getTime())).toBe(true);
      }),
    );
  });
});

describe('timeWithinRange', () => {
  it.each([
    [1_735_787_045_123, 1_735_787_045_123],
    [0, 0],
    [-1, -1],
    [Number.POSITIVE_INFINITY, null],
    [Number.NEGATIVE_INFINITY, null],
    [Number.NaN, null],
    [9_224_317_929_600_000, null],
  ])('takes %d', (millis, taken) => {
    expect(timeWithinRange(millis)).toBe(taken);
  });
});
