import { describe, expect, it } from '@jest/globals';
import { compareFamilies, describeDifferences } from './compare-families.js';

const spend = (model: string, value: number) => ({ name: 'litellm_total_spend', labels: { model }, value });
const counter = (model: string, value: number) => ({ name: 'litellm_spend_usd_total', labels: { model }, value });

describe('compareFamilies', () => {
  it('finds nothing where all is equal, up to the rounding of sums', () => {
    expect(
      compareFamilies([spend('a', 1e6), spend('b', 0.5)], [spend('b', 0.5 + 9e-10), spend('a', 1e6 + 9e-4)]),
    ).toEqual([]);
  });

  it('names missing, surplus and differing series', () => {
    const differences = compareFamilies([spend('a', 1), spend('b', 2)], [spend('a', 1 + 2e-9), spend('c', 0)]);
    expect(differences.map(({ labels, expected, actual }) => [labels.model, expected, actual])).toEqual([
      ['a', 1, 1 + 2e-9],
      ['c', undefined, 0],
      ['b', 2, undefined],
    ]);
    expect(describeDifferences(differences)).toContain('SQL 2, /metrics no series  {"model":"b"}');
  });

  it('lets counters show series at 0, and gauges not', () => {
    expect(compareFamilies([], [counter('a', 0)])).toEqual([]);
    expect(compareFamilies([], [counter('a', 1)])).toHaveLength(1);
    expect(compareFamilies([counter('a', 0)], [])).toHaveLength(1);
  });

  it('compares the parts of histograms, whose bounds are numbers', () => {
    const bucket = (le: string) => ({ name: 'litellm_request_duration_seconds_bucket', labels: { le }, value: 1 });
    expect(compareFamilies([bucket('1'), bucket('Infinity')], [bucket('1.0'), bucket('+Inf')])).toEqual([]);
  });

  it("passes over the exporter's own families", () => {
    expect(compareFamilies([], [{ name: 'litellm_exporter_ready', labels: {}, value: 1 }])).toEqual([]);
  });

  it('refuses an expectation that names a series twice', () => {
    expect(() => compareFamilies([spend('a', 1), spend('a', 1)], [])).toThrow('twice');
  });
});
