import { describe, expect, it } from '@jest/globals';
import { type AggregateSettings, decodeSettings, encodeSettings, sameSettings } from './settings.js';

const SETTINGS: AggregateSettings = {
  windows: { spend: 3, request: 2, error: 1 },
  durationBuckets: [1],
  ttftBuckets: [2],
  tagExclude: /a\/"\n/u,
  rowMaxAge: 5,
  maxSeries: 6,
};

const OTHERS: readonly AggregateSettings[] = [
  { ...SETTINGS, windows: { ...SETTINGS.windows, error: 2 } },
  { ...SETTINGS, durationBuckets: [1, 2] },
  { ...SETTINGS, ttftBuckets: [] },
  { ...SETTINGS, tagExclude: /a/ },
  { ...SETTINGS, tagExclude: /a/i },
  { ...SETTINGS, tagExclude: null },
  { ...SETTINGS, rowMaxAge: 6 },
  { ...SETTINGS, maxSeries: 0 },
];

describe('settings as text', () => {
  it('tell every field that shapes aggregates apart', () => {
    expect(sameSettings(SETTINGS, { ...SETTINGS, tagExclude: /a\/"\n/u })).toBe(true);
    expect(new Set([SETTINGS, ...OTHERS].map(encodeSettings)).size).toBe(OTHERS.length + 1);
    for (const other of OTHERS) expect(sameSettings(SETTINGS, other)).toBe(false);
  });

  it.each([SETTINGS, ...OTHERS])('come back as they were: %j', (settings) => {
    expect(decodeSettings(encodeSettings(settings))).toEqual(settings);
  });

  it.each(['', 'null', '{}', '{"windows":{"spend":1}}', '{"tagExclude":["(","u"]}'])('are refused: %j', (text) => {
    expect(() => decodeSettings(text)).toThrow();
  });
});
