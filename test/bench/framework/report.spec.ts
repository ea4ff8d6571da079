import { describe, expect, it } from '@jest/globals';
import { type Bench, bench } from './bench.js';
import { renderReport } from './report.js';
import type { BenchResults, RunResult } from './result-file.js';
import { figureResult } from './spread.js';

const catchUp: Bench = bench({
  ...{
    name: 'catch-up',
    title: 'Catch-up, wal2json',
    ours: 'the exporter',
    peer: '`a | b`',
    target: '≥ 0.9 of its rate',
  },
  figures: [{ name: 'rate', unit: 'rows/s', better: 'more', target: { of: 'ratio', atLeast: 0.9 } }],
  sizes: { small: 1, target: 2 },
  describe: String,
  shortfall: 'The parser was tried.',
  prepare: async () => {
    throw new Error('a report runs nothing');
  },
});

function run(ours: number, peer: number, facts: Record<string, string> = {}): RunResult {
  const rounds = [{ rate: { ours, peer } }];
  return {
    ...{ date: '2026-11-01T10:00:00.000Z', command: 'npm run bench', commit: 'abc', seconds: 1, described: '5 rows' },
    versions: { node: '20.1.0', PostgreSQL: '15.1' },
    machine: { cores: 2, model: 'Processor', memory: 24, load: 0.5 },
    figures: { rate: figureResult(catchUp.figures[0]!, [rounds[0]!.rate]) },
    ...{ rounds, facts, plots: [] },
  };
}

const render = (results: BenchResults): string =>
  renderReport({ benches: [catchUp], results: new Map([['catch-up', results]]), chapters: [() => '## More'] });

describe('the report', () => {
  it('says by how much a target is missed, and what was tried', () => {
    const text = render({ target: run(45_000, 100_000) });
    expect(text).toContain('no, 50 % short');
    expect(text).toContain('The parser was tried.');
    expect(render({ target: run(89_800, 100_000) })).toContain('no, 0.2 % short');
  });

  it('says nothing of what was tried once the target is reached', () => {
    const text = render({ target: run(95_000, 100_000) });
    expect(text).toContain('| yes |');
    expect(text).not.toContain('The parser was tried.');
  });

  it('does not let a small run reach a target, and lets it miss one', () => {
    expect(render({ small: run(95_000, 100_000) })).toContain('| so far |');
    expect(render({ small: run(95_000, 100_000) })).not.toContain('| yes |');
    expect(render({ small: run(45_000, 100_000) })).toContain('no, 50 % short');
  });

  it('puts the size that the target speaks of into the summary, whichever sizes have been run', () => {
    const text = render({ small: run(10_000, 100_000), target: run(95_000, 100_000) });
    const summary = text.split('\n').filter((line) => line.startsWith('| [Catch-up'));
    expect(summary).toHaveLength(1);
    expect(summary[0]).toContain('rate: 0.95 ×');
  });

  it('names date, command, commit, versions and machine of each run', () => {
    const text = render({ small: run(1, 1, { WAL: '7 MB' }) });
    for (const part of [
      '2026-11-01',
      '`npm run bench`',
      'commit abc',
      'PostgreSQL 15.1',
      '2 cores (Processor',
      'WAL: 7 MB',
    ])
      expect(text).toContain(part);
  });

  it('has a line for a bench that has not been run, and ends with the chapters', () => {
    const text = render({});
    expect(text).toContain('not run yet');
    expect(text.trim().endsWith('## More')).toBe(true);
  });

  it('keeps a bar in a text from ending a cell', () => {
    expect(render({})).toContain('`a \\| b`');
  });
});
