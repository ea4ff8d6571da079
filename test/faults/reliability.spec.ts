import { describe, expect, it } from '@jest/globals';
import { type Listed, type Run, reliabilityDocument } from './reliability.js';
import type { Result } from './run-scenario.js';

const all: readonly Listed[] = ['leader-killed', 'slot-dropped', 'redis-flushed'].map((name) => ({
  name,
  fault: `fault of ${name}`,
  form: 'full',
}));
const run = (id: string, commit = 'aaaaaaaa'): Run => ({
  id,
  commit,
  machine: '2 × CPU',
  command: 'npm run test:faults',
});
const morning = run('2026-11-27 08:00');
const noon = run('2026-11-27 12:00');

const result = (name: string, more: Partial<Result> = {}): Result => ({
  name,
  fault: `fault of ${name}`,
  happened: 'streaming went on',
  recovery: 1.24,
  rows: 300,
  rowsLost: 0,
  rowsDoubled: 0,
  servers: 'PostgreSQL 15.18 (wal2json), Redis 7.0.15',
  faults: [],
  logs: '',
  ...more,
});
const lineOf = (document: string, name: string): string =>
  document.split('\n').find((line) => line.startsWith(`| ${name} |`)) ?? '';

describe('docs/RELIABILITY.md', () => {
  it('has a row for each scenario that was run, with its figures and its run', () => {
    const document = reliabilityDocument('', [result('slot-dropped')], morning, all);
    expect(lineOf(document, 'slot-dropped')).toBe(
      '| slot-dropped | fault of slot-dropped | streaming went on | 1.2 s | 300 | 0 | 0 | PostgreSQL 15.18 (wal2json), Redis 7.0.15 | 2026-11-27 08:00 |',
    );
    expect(document).toContain('| 2026-11-27 08:00 | aaaaaaaa | 2 × CPU | `npm run test:faults` |');
    expect(document).toContain('3 scenarios: 1 passed, 0 failed, 2 not run yet');
    expect(document).toContain('- **not run yet**: `leader-killed`, `redis-flushed`');
  });

  it('keeps rows of other runs, each naming its own, in the order of the scenarios', () => {
    const first = reliabilityDocument('', [result('redis-flushed'), result('slot-dropped')], morning, all);
    const second = reliabilityDocument(first, [result('leader-killed')], noon, all);
    expect([...second.matchAll(/^\| ([a-z-]+) \|.*\| (\S+ \S+) \|$/gm)].map(([, ...cells]) => cells)).toEqual([
      ['leader-killed', '2026-11-27 12:00'],
      ['slot-dropped', '2026-11-27 08:00'],
      ['redis-flushed', '2026-11-27 08:00'],
    ]);
    expect(second).toContain('3 scenarios: 3 passed, 0 failed, 0 not run yet');
    expect(reliabilityDocument(second, [], noon, all)).toBe(second);
  });

  it('replaces a row that is run again, and forgets runs that no row names any more', () => {
    const first = reliabilityDocument('', [result('slot-dropped')], morning, all);
    const second = reliabilityDocument(first, [result('slot-dropped', { rows: 301 })], noon, all);
    expect(lineOf(second, 'slot-dropped')).toContain('| 301 |');
    expect(second).not.toContain('2026-11-27 08:00');
  });

  it('shows what has failed, with its reason, in the row and in front', () => {
    const failed = result('slot-dropped', { faults: ['3 rows | lost\nmore'], recovery: Number.NaN, rowsLost: 3 });
    const document = reliabilityDocument('', [failed], morning, all);
    expect(lineOf(document, 'slot-dropped')).toContain('| **failed**: 3 rows \\| lost | – | 300 | 3 | 0 |');
    expect(document).toContain('- **failed**: `slot-dropped`');
    // And after another run of something else.
    const later = reliabilityDocument(document, [result('leader-killed')], noon, all);
    expect(later).toContain('- **failed**: `slot-dropped`');
  });

  it('says how many rows are of an earlier commit than the newest', () => {
    const first = reliabilityDocument('', [result('slot-dropped')], morning, all);
    const second = reliabilityDocument(first, [result('leader-killed')], run('2026-11-27 12:00', 'bbbbbbbb'), all);
    expect(second).toContain(' 1 ran on an earlier commit than the last run');
  });

  it('drops rows of scenarios that are no more, and what is not run here once a server can', () => {
    const first = reliabilityDocument('', [result('slot-dropped')], morning, all);
    expect(first).toContain('WAITAOF');
    const newer = result('redis-flushed', { servers: 'PostgreSQL 15.18 (wal2json), Redis 8.2.1' });
    const second = reliabilityDocument(first, [newer], noon, all.slice(2));
    expect(lineOf(second, 'slot-dropped')).toBe('');
    expect(second).not.toContain('WAITAOF');
  });
});
