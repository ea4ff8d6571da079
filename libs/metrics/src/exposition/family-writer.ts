import { CappedSamples } from '../cardinality.js';
import type { CounterFamily, Family, GaugeFamily, HistogramFamily, HistogramSample } from '../family.js';
import type { Sample } from '../sample.js';
import type { StateReading } from '../state-reading.js';
import { each, type Steps } from '../steps.js';
import { type BlockWriter, lineOf } from './blocks.js';
import type { Chunks } from './chunks.js';
import { boundText, type Dialect, familyHeader, labelText, numberText } from './dialect.js';
import { RememberedSamples } from './remembered-samples.js';
import { SampleList } from './sample-list.js';

/** Where a family is written to. */
export interface WritingPlace {
  readonly dialect: Dialect;
  readonly chunks: Chunks;
  readonly blocks: BlockWriter;
  /** What was written of each family last, by its name. */
  readonly memory: Map<string, RememberedSamples>;
}

/** Writes one family, header and all, and counts its series in the reading. */
export function* writeFamily(family: Family, reading: StateReading, place: WritingPlace): Steps {
  place.chunks.add(familyHeader(family, place.dialect));
  switch (family.type) {
    case 'gauge':
      return yield* writeGauge(family, reading, place);
    case 'counter':
      return yield* writeCounter(family, reading, place);
    case 'histogram':
      return yield* writeHistogram(family, reading, place);
  }
}

function* writeGauge(family: GaugeFamily, reading: StateReading, place: WritingPlace): Steps {
  const remembered = memoryOf(family.name, place);
  const recall = remembered.recall();
  const samples = new CappedSamples(family, reading.maxSeries, remembered.all);
  yield* family.collect(reading, (values, value) => samples.add(recall(values, value)));
  const result = samples.result();
  reading.counts.set(family.name, { shown: result.length, folded: samples.folded });
  yield* writeSamples(family, result, place);
  // Folding shuffles samples: they would not be found again in order.
  remembered.remember(samples.folded === 0 ? result : []);
}

function* writeCounter(family: CounterFamily, reading: StateReading, place: WritingPlace): Steps {
  const remembered = memoryOf(family.name, place);
  const recall = remembered.recall();
  const list = new SampleList(remembered.all);
  yield* family.collect(reading, (values, value) => {
    if (Number.isFinite(value)) list.add(recall(values, value));
  });
  const samples = list.all();
  reading.counts.set(family.name, { shown: samples.length, folded: reading.view.folded(family.shows) });
  yield* writeSamples(family, samples, place);
  remembered.remember(samples);
}

/** Families with fewer series than this share chunks of text with their neighbours. */
const FEW = 64;

function writeSamples(family: Family, samples: readonly Sample[], { chunks, blocks }: WritingPlace): Steps {
  return samples.length < FEW
    ? each(samples, (sample) => chunks.add(lineOf(sample, family)))
    : blocks.write(samples, family, chunks);
}

function memoryOf(name: string, { memory }: WritingPlace): RememberedSamples {
  let remembered = memory.get(name);
  if (remembered === undefined) {
    remembered = new RememberedSamples();
    memory.set(name, remembered);
  }
  return remembered;
}

function* writeHistogram(family: HistogramFamily, reading: StateReading, place: WritingPlace): Steps {
  const { chunks, dialect } = place;
  const lines = bucketLines(family.name, family.bounds(reading.view), dialect);
  let shown = 0;
  yield* family.collect(reading, (sample) => {
    if (!Number.isFinite(sample.sum)) return;
    shown += 1;
    chunks.add(histogramText(family.name, lines, sample, labelText(family.labels, sample.values)));
  });
  reading.counts.set(family.name, { shown, folded: reading.view.folded(family.shows) });
}

/** The beginning of each bucket's line, up to and with `le`. */
export function bucketLines(name: string, bounds: readonly number[], dialect: Dialect): readonly string[] {
  return [...bounds.map((bound) => boundText(bound, dialect)), '+Inf'].map((bound) => `${name}_bucket{le="${bound}"`);
}

/** One histogram series: buckets cumulated, sum, count. `labels` is its label text with braces. */
export function histogramText(
  name: string,
  lines: readonly string[],
  { buckets, sum }: Pick<HistogramSample, 'buckets' | 'sum'>,
  labels: string,
): string {
  const rest = labels === '' ? '}' : `,${labels.slice(1)}`;
  let count = 0;
  let text = '';
  for (let at = 0; at < lines.length; at++) {
    count += buckets[at] ?? 0;
    text += `${lines[at]}${rest} ${count}\n`;
  }
  return `${text}${name}_sum${labels} ${numberText(sum)}\n${name}_count${labels} ${count}\n`;
}
