import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bucketOf, bucketWidth, edgeOf, windowSpecs } from './windows.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('windows', () => {
  it.each([
    [30 * DAY, 6 * HOUR],
    [24 * HOUR, 10 * MINUTE],
    [HOUR, 30_000],
    [MINUTE, 1_000],
    [2 * MINUTE, 1_000],
    [10 * MINUTE, 5_000],
    [7 * DAY, HOUR],
    [120 * DAY, DAY],
    [365 * DAY, DAY],
  ])('a window of %d ms has buckets of %d ms', (length, width) => {
    expect(bucketWidth(length)).toBe(width);
  });

  it('K is 30 days and M one minute, whatever the settings', () => {
    const specs = windowSpecs({ windows: { spend: DAY, request: HOUR, error: HOUR } });
    expect(specs.K).toEqual({ length: 30 * DAY, bucket: 6 * HOUR });
    expect(specs.M).toEqual({ length: MINUTE, bucket: 1_000 });
  });

  it('a window covers its length plus less than one bucket', () => {
    const length = fc.integer({ min: 1, max: 400 * 24 * 60 }).map((minutes) => minutes * MINUTE);
    fc.assert(
      fc.property(length, fc.integer({ min: 0, max: 4e12 }), (window, now) => {
        const spec = { length: window, bucket: bucketWidth(window) };
        const edge = edgeOf(spec, now);
        expect(now - edge).toBeGreaterThanOrEqual(window);
        expect(now - edge).toBeLessThan(window + spec.bucket);
        expect(Math.abs(edge % spec.bucket)).toBe(0);
        expect(bucketOf(spec, edge)).toBe(edge);
      }),
    );
  });
});
