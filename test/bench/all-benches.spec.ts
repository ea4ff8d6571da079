import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { allBenches, chapters } from './all-benches.js';
import { renderReport } from './framework/report.js';
import { allResults, DOCS } from './framework/result-file.js';

const { scripts } = JSON.parse(readFileSync(`${DOCS}../package.json`, 'utf8')) as { scripts: Record<string, string> };

describe('the benches', () => {
  it('have names of their own, each with a script', () => {
    const names = allBenches.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    const lacking = names.filter((name) => scripts[`bench:${name}`] !== `npm run bench -- --only ${name}`);
    expect(lacking).toEqual([]);
  });

  it('have scripts only as long as they are there', () => {
    const named = Object.keys(scripts).filter((name) => name.startsWith('bench:'));
    const known = new Set(['check', 'report', ...allBenches.map(({ name }) => name)].map((name) => `bench:${name}`));
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });

  it('have figures with names of their own', () => {
    for (const { name, figures } of allBenches)
      expect([name, new Set(figures.map((figure) => figure.name)).size]).toEqual([name, figures.length]);
  });
});

describe('docs/BENCHMARKS.md', () => {
  it('is what npm run bench:report writes', () => {
    const rendered = renderReport({ benches: allBenches, results: allResults(allBenches), chapters });
    expect(readFileSync(`${DOCS}BENCHMARKS.md`, 'utf8')).toBe(rendered);
  });
});
