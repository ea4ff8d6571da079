import { describe, expect, it } from '@jest/globals';
import type { BenchResults } from '../framework/result-file.js';
import { capacityChapter } from './capacity.chapter.js';

function result(figures: Readonly<Record<string, readonly [ours: number, peer?: number]>>): BenchResults {
  const spread = (value: number) => ({ median: value, least: value, greatest: value });
  const entries = Object.entries(figures).map(([name, [ours, peer]]) => [
    name,
    { unit: '', ours: spread(ours), ...(peer === undefined ? {} : { peer: spread(peer) }) },
  ]);
  return { target: { figures: Object.fromEntries(entries) } } as unknown as BenchResults;
}

const RESULTS = new Map<string, BenchResults>([
  ['replica', result({ 'resident memory': [260] })],
  ['growth', result({ 'memory, 10 × series': [118, 10] })],
  ['many-keys', result({ 'a known key': [100] })],
  ['redis-memory', result({ 'a pair': [40] })],
  ['scrape', result({ '5 % new, gzip': [90] })],
]);

describe('the chapter on capacity', () => {
  it('is computed from the results', () => {
    const text = capacityChapter(RESULTS);
    expect(text).toContain('| 1,000 bytes | 1 GB of live memory has 1 million |');
    expect(text).toContain('| 100 bytes | 1 GB has 10 million |');
    expect(text).toContain('| 40 bytes | 1 GB has 25 million |');
    expect(text).toContain('5 % of a core has 1 million |');
  });

  it.each([...RESULTS.keys()])('says nothing while %s has not been run', (bench) => {
    const results = new Map(RESULTS);
    results.delete(bench);
    expect(capacityChapter(results)).toBe('');
  });
});
