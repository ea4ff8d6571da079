import type { Labels } from '../support/exposition.js';
import { contractFamilies } from './contract.js';

/** One sample that should be there. */
export interface ExpectedSample {
  /** Name of the sample: for a histogram's parts with `_bucket`, `_sum` or `_count`. */
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

/** One sample of a scrape. */
export interface ScrapedSample {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

/** Where a scrape and SQL disagree; `undefined` where one of them has no such series. */
export interface Difference {
  readonly name: string;
  readonly labels: Labels;
  readonly expected: number | undefined;
  readonly actual: number | undefined;
}

/**
 * Every sample of the contract's families that differs: missing, surplus, or with |value − SQL| > 1e-9 × max(1, |SQL|). Counters and
 * histograms may show more series than SQL knows, as long as those stand at 0.
 */
export function compareFamilies(
  expected: readonly ExpectedSample[],
  scraped: Iterable<ScrapedSample>,
): readonly Difference[] {
  const left = new Map(expected.map((sample) => [keyOf(sample), sample]));
  if (left.size !== expected.length) throw new Error(`the expectation names a series twice: ${twice(expected)}`);
  const differences: Difference[] = [];
  for (const sample of scraped) {
    const family = familyOf(sample.name);
    if (family === undefined) continue;
    const key = keyOf(sample);
    const wanted = left.get(key);
    left.delete(key);
    if (wanted === undefined && sample.value === 0 && contractFamilies[family]?.type !== 'gauge') continue;
    if (wanted !== undefined && near(sample.value, wanted.value)) continue;
    differences.push({ ...sample, expected: wanted?.value, actual: sample.value });
  }
  for (const { name, labels, value } of left.values()) {
    differences.push({ name, labels, expected: value, actual: undefined });
  }
  return differences.map(({ name, labels, expected: wanted, actual }) => ({ name, labels, expected: wanted, actual }));
}

/** Differences for people: counted by family, with the first of each. */
export function describeDifferences(differences: readonly Difference[], shown = 8): string {
  const byName = new Map<string, Difference[]>();
  for (const difference of differences) {
    byName.set(difference.name, [...(byName.get(difference.name) ?? []), difference]);
  }
  return [...byName]
    .map(([name, ofName]) => {
      const lines = ofName.slice(0, shown).map(describe);
      const more = ofName.length > shown ? [`    and ${ofName.length - shown} more`] : [];
      return [`${name}: ${ofName.length} series differ`, ...lines, ...more].join('\n');
    })
    .join('\n');
}

function describe({ labels, expected, actual }: Difference): string {
  const shown = (value: number | undefined): string => (value === undefined ? 'no series' : String(value));
  return `  SQL ${shown(expected)}, /metrics ${shown(actual)}  ${JSON.stringify(labels)}`;
}

function near(actual: number, expected: number): boolean {
  return actual === expected || Math.abs(actual - expected) <= 1e-9 * Math.max(1, Math.abs(expected));
}

/** The contract's family that a sample belongs to; undefined for the exporter's own. */
function familyOf(name: string): string | undefined {
  if (name in contractFamilies) return name;
  const base = name.replace(/_(bucket|sum|count)$/, '');
  return contractFamilies[base]?.type === 'histogram' ? base : undefined;
}

function keyOf({ name, labels }: Pick<ExpectedSample, 'name' | 'labels'>): string {
  const pairs = Object.entries(labels).map(([label, value]) => [label, label === 'le' ? bound(value) : value]);
  return JSON.stringify([name, ...pairs.sort(([a = ''], [b = '']) => (a < b ? -1 : 1))]);
}

/** Bounds are numbers, however they are written. */
function bound(text: string): string {
  return String(/^\+?Inf/.test(text) ? Number.POSITIVE_INFINITY : Number(text));
}

function twice(samples: readonly ExpectedSample[]): string {
  const seen = new Set<string>();
  return samples.map(keyOf).find((key) => seen.size === seen.add(key).size) ?? '';
}
