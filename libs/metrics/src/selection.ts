import { ExporterFailure } from '@app/change';
import { distance } from 'fastest-levenshtein';

/** How names of the exporter's own metrics begin. */
const OWN_PREFIXES = ['litellm_exporter_', 'process_', 'nodejs_'] as const;

/** Names shown with a pattern that matches nothing. */
const SUGGESTIONS = 3;

/** Tells which families are switched off. */
export type IsDisabled = (name: string) => boolean;

/**
 * Reads METRICS_DISABLED: names or patterns, separated by commas, `*` for any characters.
 *
 * The exporter's own metrics (`litellm_exporter_*`, `process_*`, `nodejs_*`) are matched only by patterns that begin
 * like them, so that `litellm_*` does not switch off the exporter's health along with its business.
 *
 * @param names every family there is.
 * @throws ExporterFailure `setting-invalid` when a pattern matches no name; it lists the nearest ones.
 */
export function disabledFamilies(setting: string, names: readonly string[]): IsDisabled {
  const patterns = setting
    .split(',')
    .map((pattern) => pattern.trim())
    .filter((pattern) => pattern !== '');
  const disabled = new Set<string>();
  for (const pattern of patterns) {
    const matched = names.filter((name) => matches(pattern, name));
    if (matched.length === 0) throw nothingMatched(pattern, names);
    for (const name of matched) disabled.add(name);
  }
  return (name) => disabled.has(name);
}

function matches(pattern: string, name: string): boolean {
  const own = OWN_PREFIXES.find((prefix) => name.startsWith(prefix));
  if (own !== undefined && !pattern.startsWith(own)) return false;
  const expression = pattern
    .split('*')
    .map((text) => text.replaceAll(/[^A-Za-z0-9_]/g, String.raw`\$&`))
    .join('.*');
  return new RegExp(`^${expression}$`).test(name);
}

function nothingMatched(pattern: string, names: readonly string[]): ExporterFailure {
  const near = names
    .map((name) => ({ name, steps: distance(pattern, name) }))
    .sort((one, other) => one.steps - other.steps)
    .slice(0, SUGGESTIONS)
    .map(({ name }) => name);
  return new ExporterFailure({
    kind: 'setting-invalid',
    message: `METRICS_DISABLED: ${JSON.stringify(pattern)} matches no metric`,
    remedy: `write names or patterns with "*", separated by commas; near: ${near.join(', ')}`,
  });
}
