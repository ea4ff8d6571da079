import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { SpendFact } from '@app/litellm';
import { factOf, MEASURE_COLUMNS } from '@app/litellm';
import { describe, expect, it } from '@jest/globals';
import { copyLine } from '../../../test/support/copy-line.js';
import { KnownTraits, SeedLines } from './seed-lines.js';

const MEASURES = ['1770091506123456', '1770091508500', null, '7', '0.25', '3', '2', '1'];
const traitsOf = (key: string, tags: string): string[] => [key, 'u', 't', 'o', 'm', '', '', '', '', tags, 'success'];

function linesInto(taken: SpendFact[], known = new KnownTraits()): SeedLines {
  return new SeedLines(known, (traits, measures) => taken.push(factOf(traits, measures)));
}

describe('lines of a seed', () => {
  it('are read whole, however their bytes are cut, and equal traits come as the same object', () => {
    const keys = ['k', 'schlüssel 🔑', 'k', 'tab\there', 'k'];
    const bytes = Buffer.from(keys.map((key) => copyLine([...MEASURES, ...traitsOf(key, '["ä"]'), null])).join(''));
    for (const size of [1, 7, 1_000]) {
      const seen: unknown[] = [];
      const taken: SpendFact[] = [];
      const lines = new SeedLines(new KnownTraits(), (traits, measures) => {
        seen.push(traits);
        taken.push(factOf(traits, measures));
      });
      for (let at = 0; at < bytes.length; at += size) lines.push(bytes.subarray(at, at + size));
      expect(taken.map(({ apiKey }) => apiKey)).toEqual(keys);
      expect(taken[1]).toMatchObject({ spend: 0.25, durationMs: 7, totalTokens: 3, tags: ['ä'] });
      expect(new Set(seen).size).toBe(3);
      expect(lines).toMatchObject({ rows: 5, read: 5, last: 1_770_091_506_123_456 });
    }
  });

  it('W10: count what they reject, row by row, also where the traits were known', () => {
    const taken: SpendFact[] = [];
    const lines = linesInto(taken);
    const odd = [...MEASURES.slice(0, 4), 'NaN', ...MEASURES.slice(5), ...traitsOf('k', '{'), null];
    const lost = [null, ...MEASURES.slice(1), ...traitsOf('k', '{'), null];
    lines.push(Buffer.from([odd, odd, lost].map(copyLine).join('')));
    expect(Object.fromEntries(lines.rejections)).toEqual({
      spend_not_finite: 2,
      tags_unreadable: 2,
      time_unreadable: 1,
    });
    expect(taken.map(({ spend, tags }) => [spend, tags])).toEqual([
      [0, []],
      [0, []],
    ]);
    expect(lines).toMatchObject({ rows: 2, read: 3 });
    expect(MEASURES).toHaveLength(MEASURE_COLUMNS.length);
  });

  it('W9: do not remember traits without a bound', () => {
    const known = new KnownTraits();
    const long = 'x'.repeat(1_000_000);
    const first = known.of(traitsOf(`0${long}`, '[]').join('\t'));
    expect(known.of(traitsOf(`0${long}`, '[]').join('\t'))).toBe(first);
    for (let key = 1; key < 6; key++) known.of(traitsOf(`${key}${long}`, '[]').join('\t'));
    expect(known.of(traitsOf(`0${long}`, '[]').join('\t'))).not.toBe(first);
  });

  it('W9: keep nothing of a long line alive but its traits, however long those are kept', () => {
    const kept: unknown[] = [];
    const lines = new SeedLines(new KnownTraits(), (traits) => kept.push(traits));
    const line = (row: number): Buffer => {
      const metadata = JSON.stringify(JSON.stringify({ status: 'failure', traceback: 'x'.repeat(500_000) }));
      return Buffer.from(
        copyLine([...MEASURES, ...traitsOf(`a key of its own ${row}`, '[]').slice(0, -1), 'failure', metadata]),
      );
    };
    lines.push(line(0));
    const before = heapInUse();
    for (let row = 1; row <= 60; row++) lines.push(line(row));
    lines.push(line(0));
    // What is known of 4 MB of lines is three times that.
    expect(heapInUse() - before).toBeLessThan(15_000_000);
    expect(kept).toHaveLength(62);
  });
});

/** Bytes of the heap that are still needed: the collector is made to run first. */
function heapInUse(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}
