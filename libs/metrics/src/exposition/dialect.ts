/**
 * How metrics are spelled: Prometheus' text format (0.0.4, and 1.0.0, which differs in its header alone) or
 * OpenMetrics 1.0. Both are written from the same samples.
 */
export type Dialect = 'text' | 'openmetrics';

/** What ends a whole answer; it comes after the last family, whoever wrote that. */
export const TERMINATOR: Readonly<Record<Dialect, string>> = { text: '', openmetrics: '# EOF\n' };

const NEEDS_ESCAPE = /[\\"\n]/;

/** A label value between its quotes; both formats escape backslash, quote and line feed. */
export function escapeLabelValue(text: string): string {
  if (!NEEDS_ESCAPE.test(text)) return text;
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

/** The text behind `# HELP`; OpenMetrics escapes quotes there, 0.0.4 does not. */
export function escapeHelp(text: string, dialect: Dialect): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return dialect === 'openmetrics' ? escaped.replaceAll('"', '\\"') : escaped;
}

/** A number as Prometheus spells it: the shortest text that reads back as the same double. */
export function numberText(value: number): string {
  if (Number.isFinite(value)) return `${value}`;
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}

/** An upper bound as the label `le`; OpenMetrics wants a decimal point. */
export function boundText(bound: number, dialect: Dialect): string {
  return dialect === 'openmetrics' && Number.isInteger(bound) && Math.abs(bound) < 1e21
    ? `${bound}.0`
    : numberText(bound);
}

/** The lines before a family's samples. OpenMetrics names a counter's family without `_total`. */
export function familyHeader(family: { name: string; help: string; type: string }, dialect: Dialect): string {
  const { help, type } = family;
  const name = dialect === 'openmetrics' && type === 'counter' ? family.name.replace(/_total$/, '') : family.name;
  return `# HELP ${name} ${escapeHelp(help, dialect)}\n# TYPE ${name} ${type}\n`;
}

/** The label set of a sample with its braces; '' without labels. */
export function labelText(labels: readonly string[], values: readonly string[]): string {
  if (labels.length === 0) return '';
  // Joined, because a joined string is flat: a concatenated one would be walked anew each time it is written.
  return `{${labels.map((label, at) => `${label}="${escapeLabelValue(values[at] ?? '')}"`).join(',')}}`;
}
