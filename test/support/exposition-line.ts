/** The labels of a series, by name. */
export type Labels = Readonly<Record<string, string>>;

/** One sample line, taken apart. */
export interface SampleLine {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
  /** As written: milliseconds in 0.0.4, seconds in OpenMetrics. */
  readonly timestamp: number | undefined;
  /** What follows `#` in OpenMetrics, unparsed. */
  readonly exemplar: string | undefined;
}

const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;
const labelName = /^[a-zA-Z_][a-zA-Z0-9_]*/;
const number = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|Inf|NaN)$/;
const escapes: Readonly<Record<string, string>> = { '\\': '\\', '"': '"', n: '\n' };

/** Reads `name{label="value",…} value [timestamp] [# exemplar]`. Throws what is wrong with it. */
export function readSample(line: string): SampleLine {
  const name = metricName.exec(line)?.[0];
  if (name === undefined) throw new Error('no metric name');
  const rest = line.slice(name.length);
  const [labels, tail] = rest.startsWith('{') ? readLabels(rest) : [{}, rest];
  const mark = tail.indexOf(' # ');
  const fields = (mark === -1 ? tail : tail.slice(0, mark)).split(' ');
  if (fields.shift() !== '') throw new Error('no blank before the value');
  const [value, timestamp, ...more] = fields;
  if (value === undefined || more.length > 0) throw new Error('not exactly a value and perhaps a timestamp');
  return {
    name,
    labels,
    value: readNumber(value),
    timestamp: timestamp === undefined ? undefined : readNumber(timestamp),
    exemplar: mark === -1 ? undefined : tail.slice(mark + 3),
  };
}

function readLabels(text: string): [Labels, string] {
  const labels: Record<string, string> = {};
  let rest = text.slice(1);
  while (!rest.startsWith('}')) {
    const name = labelName.exec(rest)?.[0];
    if (name === undefined) throw new Error(`no label name at '${rest}'`);
    if (Object.hasOwn(labels, name)) throw new Error(`label ${name} twice`);
    rest = rest.slice(name.length);
    if (!rest.startsWith('="')) throw new Error(`no ="value" after label ${name}`);
    const [value, length] = readQuoted(rest.slice(1));
    labels[name] = value;
    rest = rest.slice(1 + length);
    if (rest.startsWith(',')) rest = rest.slice(1);
    else if (!rest.startsWith('}')) throw new Error(`neither , nor } after label ${name}`);
  }
  return [labels, rest.slice(1)];
}

/** A quoted string at the start of `text`: its value, and its length with quotes and escapes. */
function readQuoted(text: string): [string, number] {
  let value = '';
  for (let index = 1; index < text.length; index += 1) {
    const character = text.charAt(index);
    if (character === '"') return [value, index + 1];
    if (character !== '\\') {
      value += character;
      continue;
    }
    index += 1;
    const meant = escapes[text.charAt(index)];
    if (meant === undefined) throw new Error(`unknown escape \\${text.charAt(index)}`);
    value += meant;
  }
  throw new Error('a label value without end');
}

/** A Go float as Prometheus writes it. Throws for anything else. */
export function readNumber(text: string): number {
  if (!number.test(text)) throw new Error(`'${text}' is no number`);
  return Number(text.replace('Inf', 'Infinity'));
}
