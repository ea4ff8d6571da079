import { describe, expect, it } from '@jest/globals';
import type { Plot } from './bench.js';
import { plotSvg } from './plot.js';

const plot: Plot = {
  ...{ name: 'growth', title: 'Memory & rows' },
  x: { label: 'rows', scale: 'log' },
  y: { label: 'MB', scale: 'linear' },
  lines: [
    {
      label: 'RSS < 300',
      points: [
        [1e5, 100],
        [1e6, 110],
        [1e7, 112],
      ],
    },
  ],
};

describe('a plot', () => {
  it('escapes what it writes', () => {
    const svg = plotSvg(plot);
    expect(svg).toContain('<title>Memory &amp; rows</title>');
    expect(svg).toContain('RSS &lt; 300');
  });

  it('has a mark for each point, at equal distances for equal factors of a logarithmic axis', () => {
    const at = [...plotSvg(plot).matchAll(/<circle cx="([\d.]+)"/g)].map((match) => Number(match[1]));
    expect(at).toHaveLength(3);
    expect(at[1]! - at[0]!).toBeCloseTo(at[2]! - at[1]!, 0);
  });

  it('draws more the higher it is', () => {
    const at = [...plotSvg(plot).matchAll(/<circle cx="[\d.]+" cy="([\d.]+)"/g)].map((match) => Number(match[1]));
    expect(at).toEqual(at.toSorted((one, other) => other - one));
  });

  it('refuses what can not be drawn', () => {
    expect(() => plotSvg({ ...plot, lines: [{ label: 'none', points: [] }] })).toThrow('no points');
    expect(() => plotSvg({ ...plot, lines: [{ label: 'zero', points: [[0, 1]] }] })).toThrow('logarithmic');
  });
});
