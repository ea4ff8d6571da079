import type { ProcessMetric } from '../self-metrics.js';
import { boundText, type Dialect, familyHeader, labelText, numberText } from './dialect.js';

/** Metrics of the process as text, spelled like the families of the state. */
export function processText(metrics: readonly ProcessMetric[], dialect: Dialect): string {
  return metrics.map((metric) => metricText(metric, dialect)).join('');
}

function metricText(metric: ProcessMetric, dialect: Dialect): string {
  const lines = metric.samples.map(({ name, labels, value }) => {
    const values = Object.entries(labels).map(([label, text]) => {
      const isBound = label === 'le' && typeof text === 'number';
      return isBound ? boundText(text, dialect) : String(text);
    });
    return `${name}${labelText(Object.keys(labels), values)} ${numberText(value)}\n`;
  });
  return `${familyHeader(metric, dialect)}${lines.join('')}`;
}
