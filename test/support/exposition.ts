import { checkFamily, type Family } from './exposition-family.js';
import { type Labels, readSample, type SampleLine } from './exposition-line.js';

export type { Family } from './exposition-family.js';
export type { Labels, SampleLine } from './exposition-line.js';

/** The two formats a scrape may ask for. */
export type ExpositionFormat = '0.0.4' | 'openmetrics';

/** A scrape, read strictly. */
export interface Exposition {
  /** Families by the name of their TYPE line, in the order of the text. */
  readonly families: ReadonlyMap<string, Family>;
  /** Value of each sample by {@link seriesKey}, in the order of the text. */
  readonly series: ReadonlyMap<string, number>;
  /** The value of one sample, `undefined` where there is none. */
  value(name: string, labels?: Labels): number | undefined;
  /** All samples of that name (a histogram's parts by their own name) whose labels include the given ones. */
  samples(name: string, labels?: Labels): readonly SampleLine[];
}

type OpenFamily = { -readonly [Field in keyof Family]: Family[Field] | undefined } & { samples: SampleLine[] };

const suffixes: Readonly<Record<string, readonly string[]>> = {
  histogram: ['_bucket', '_sum', '_count', '_created'],
  gaugehistogram: ['_bucket', '_gsum', '_gcount'],
  summary: ['', '_sum', '_count', '_created'],
  info: ['_info'],
};

const types: Readonly<Record<ExpositionFormat, readonly string[]>> = {
  '0.0.4': ['counter', 'gauge', 'histogram', 'summary', 'untyped'],
  openmetrics: ['counter', 'gauge', 'histogram', 'gaugehistogram', 'summary', 'info', 'stateset', 'unknown'],
};

/** `name{a="x",b="y"}` with labels sorted by name and escaped as in JSON; just the name without labels. */
export function seriesKey(name: string, labels: Labels = {}): string {
  const pairs = Object.keys(labels)
    .sort()
    .map((label) => `${label}=${JSON.stringify(labels[label])}`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`;
}

/**
 * Reads what an exporter says. Throws an error that names line and fault for anything Prometheus or promtool would refuse or mend by
 * guessing: malformed lines, a series twice, a family without TYPE, in two places or with HELP or TYPE twice, an incomplete or
 * decreasing histogram, no final newline, and in OpenMetrics a missing `# EOF`, blank lines or a counter without `_total`.
 */
export function parseExposition(text: string, format: ExpositionFormat = '0.0.4'): Exposition {
  const lines = text.split('\n');
  if (lines.pop() !== '') throw new Error('the last line does not end in a newline');
  if (format === 'openmetrics' && lines.pop() !== '# EOF') throw new Error('the last line is not # EOF');
  const reader = new Reader(format);
  for (const [index, line] of lines.entries()) {
    try {
      reader.read(line);
    } catch (error) {
      throw new Error(`line ${index + 1}: ${(error as Error).message}: ${line}`, { cause: error });
    }
  }
  return reader.finish();
}

class Reader {
  private readonly families = new Map<string, Family>();
  private readonly series = new Map<string, number>();
  private current: OpenFamily | undefined;

  constructor(private readonly format: ExpositionFormat) {}

  read(line: string): void {
    if (line === '') {
      if (this.format === 'openmetrics') throw new Error('a blank line');
    } else if (line.startsWith('#')) this.readComment(line);
    else this.readSample(readSample(line));
  }

  finish(): Exposition {
    this.close();
    const { families, series } = this;
    const all = [...families.values()].flatMap((family) => family.samples);
    const has = (sample: SampleLine, labels: Labels) =>
      Object.keys(labels).every((key) => sample.labels[key] === labels[key]);
    return {
      families,
      series,
      value: (name, labels) => series.get(seriesKey(name, labels)),
      samples: (name, labels = {}) => all.filter((sample) => sample.name === name && has(sample, labels)),
    };
  }

  private readComment(line: string): void {
    const [, word, name, rest] = /^# (HELP|TYPE|UNIT) ([^ ]+)(?: (.*))?$/.exec(line) ?? [];
    if (name === undefined) {
      if (this.format === 'openmetrics' || /^#\s*(HELP|TYPE|UNIT|EOF)/.test(line))
        throw new Error('a malformed comment');
      return;
    }
    const family = this.open(name);
    if (family.samples.length > 0) throw new Error(`${word} after samples of its family`);
    if (word === 'HELP') {
      if (family.help !== undefined) throw new Error('HELP twice');
      if (/^(?:[^\\]|\\[\\n"])*$/.test(rest ?? '') === false) throw new Error('an unknown escape in HELP');
      family.help = (rest ?? '').replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
    } else if (word === 'TYPE') {
      if (family.type !== undefined) throw new Error('TYPE twice');
      if (!types[this.format].includes(rest ?? '')) throw new Error('an unknown TYPE');
      family.type = rest;
    } else family.unit = rest;
  }

  private readSample(sample: SampleLine): void {
    const family = this.current;
    if (family?.type === undefined) throw new Error('a sample without TYPE');
    if (!this.belongs(sample.name, family)) throw new Error(`a sample that is not of family ${family.name}`);
    if (sample.exemplar !== undefined && this.format !== 'openmetrics') throw new Error('an exemplar');
    const key = seriesKey(sample.name, sample.labels);
    if (this.series.has(key)) throw new Error('a series twice');
    this.series.set(key, sample.value);
    family.samples.push(sample);
  }

  private belongs(sampleName: string, family: OpenFamily): boolean {
    const type = family.type ?? '';
    const counter = this.format === 'openmetrics' ? ['_total', '_created'] : [''];
    const allowed = type === 'counter' ? counter : (suffixes[type] ?? ['']);
    return allowed.some((suffix) => sampleName === `${family.name}${suffix}`);
  }

  private open(name: string): OpenFamily {
    if (this.current?.name === name) return this.current as OpenFamily;
    this.close();
    if (this.families.has(name)) throw new Error('a family in two places');
    this.current = { name, type: undefined, help: undefined, unit: undefined, samples: [] };
    return this.current;
  }

  private close(): void {
    const { current } = this;
    if (current?.name === undefined) return;
    if (current.type === undefined) throw new Error(`family ${current.name} has no TYPE`);
    if (current.help === undefined) throw new Error(`family ${current.name} has no HELP`);
    const family: Family = {
      ...current,
      name: current.name,
      type: current.type,
      help: current.help,
      unit: current.unit,
    };
    checkFamily(family);
    this.families.set(family.name, family);
    this.current = undefined;
  }
}
