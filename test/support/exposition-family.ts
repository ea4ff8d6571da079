import { readNumber, type SampleLine } from './exposition-line.js';

/** One metric family as exposed. */
export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly unit: string | undefined;
  readonly samples: readonly SampleLine[];
}

/** Throws where a family's samples contradict its type: counters that are negative, histograms whose parts don't fit together. */
export function checkFamily(family: Family): void {
  if (family.type === 'counter') {
    for (const sample of family.samples) {
      if (!(sample.value >= 0)) throw new Error(`counter ${sample.name} is ${sample.value}`);
    }
  }
  if (family.type === 'histogram') checkHistogram(family);
}

function checkHistogram(family: Family): void {
  const groups = new Map<string, SampleLine[]>();
  for (const sample of family.samples) {
    const { le: _, ...labels } = sample.labels;
    const key = JSON.stringify(Object.entries(labels).sort());
    groups.set(key, [...(groups.get(key) ?? []), sample]);
  }
  for (const [labels, samples] of groups) {
    const fault = histogramFault(family.name, samples);
    if (fault !== undefined) throw new Error(`histogram ${family.name} ${labels} ${fault}`);
  }
}

function histogramFault(name: string, samples: readonly SampleLine[]): string | undefined {
  const buckets = samples.filter((sample) => sample.name === `${name}_bucket`);
  const count = samples.find((sample) => sample.name === `${name}_count`)?.value;
  if (count === undefined || !samples.some((sample) => sample.name === `${name}_sum`)) return 'lacks its sum or count';
  if (buckets.at(-1)?.labels.le !== '+Inf') return 'does not end in a bucket +Inf';
  if (buckets.at(-1)?.value !== count) return 'has a count other than its bucket +Inf';
  for (const [index, bucket] of buckets.entries()) {
    const before = buckets[index - 1];
    if (before === undefined) continue;
    if (!(readNumber(bucket.labels.le ?? '') > readNumber(before.labels.le ?? ''))) return 'has buckets out of order';
    if (!(bucket.value >= before.value)) return 'has a bucket below the one before it';
  }
  return undefined;
}
