import { CappedSamples, type Sample } from '../cardinality.js';
import type { CounterFamily, Family, GaugeFamily, HistogramFamily, HistogramSample } from '../family.js';
import type { StateReading } from '../state-reading.js';
import { each, type Steps } from '../steps.js';
import type { Chunks } from './chunks.js';
import { boundText, type Dialect, familyHeader, numberText } from './dialect.js';
import { LabelTexts } from './label-texts.js';

/** Label texts by the names of the labels; families with the same labels and ids share them. */
export class LabelTextsByLayout {
  readonly #layouts = new Map<string, LabelTexts>();

  for(labels: readonly string[]): LabelTexts {
    const layout = labels.join();
    let texts = this.#layouts.get(layout);
    if (texts === undefined) {
      texts = new LabelTexts(labels);
      this.#layouts.set(layout, texts);
    }
    return texts;
  }

  /** See {@link LabelTexts.endAnswer}. */
  *endAnswer(): Steps {
    for (const texts of this.#layouts.values()) yield* texts.endAnswer();
  }
}

/** Where a family is written to. */
export interface WritingPlace {
  readonly dialect: Dialect;
  readonly chunks: Chunks;
  readonly texts: LabelTextsByLayout;
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
  const samples = new CappedSamples(family, reading.maxSeries);
  yield* family.collect(reading, (values, value, id) => samples.add(values, value, id));
  const result = samples.result();
  reading.counts.set(family.name, { shown: result.length, folded: samples.folded });
  yield* writeSamples(family, result, place);
}

function* writeCounter(family: CounterFamily, reading: StateReading, place: WritingPlace): Steps {
  const samples: Sample[] = [];
  yield* family.collect(reading, (values, value, id) => {
    if (Number.isFinite(value)) samples.push({ values, value, id });
  });
  reading.counts.set(family.name, { shown: samples.length, folded: reading.view.folded(family.shows) });
  yield* writeSamples(family, samples, place);
}

function writeSamples(family: Family, samples: readonly Sample[], { chunks, texts }: WritingPlace): Steps {
  const labels = texts.for(family.labels);
  const { name } = family;
  return each(samples, ({ values, value, id }) => {
    chunks.add(`${name}${labels.textOf(values, id)} ${numberText(value)}\n`);
  });
}

function* writeHistogram(family: HistogramFamily, reading: StateReading, place: WritingPlace): Steps {
  const { chunks, dialect } = place;
  const labels = place.texts.for(family.labels);
  const lines = bucketLines(family.name, family.bounds(reading.view), dialect);
  let shown = 0;
  yield* family.collect(reading, (sample) => {
    if (!Number.isFinite(sample.sum)) return;
    shown += 1;
    chunks.add(histogramText(family.name, lines, sample, labels.textOf(sample.values, sample.id)));
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
