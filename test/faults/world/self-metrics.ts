/** What is read out of a scrape without parsing all of it, as it is asked for many times a second. */

/** The value of a metric without labels; undefined where it is absent. */
export function figureOf(text: string, name: string): number | undefined {
  const value = new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1];
  return value === undefined ? undefined : Number(value);
}

/** Series of one metric by their labels as written. */
export function seriesOf(text: string, name: string): Map<string, number> {
  const series = new Map<string, number>();
  for (const [, labels = '', value] of text.matchAll(new RegExp(`^${name}\\{(.*)\\} (\\S+)$`, 'gm'))) {
    series.set(labels, Number(value));
  }
  return series;
}

/** Entity whose budget is a number that grows: commits come in order, so what was committed before it is applied too. */
export const MARKER = 'oracle-marker';
/** Entity whose reset lies far ahead, so that its time and its distance together tell the state's clock. */
export const CLOCK = 'oracle-clock';

/** The last mark that is in the answer; undefined where there is no state. */
export function markOf(text: string): number | undefined {
  const value = new RegExp(`^litellm_max_budget\\{[^\\n]*"${MARKER}"[^\\n]*\\} (\\S+)$`, 'm').exec(text)?.[1];
  return value === undefined ? undefined : Number(value);
}

/** New seeds between two answers: their reasons, with a count where there were several. */
export function seedsBetween(before: string, after: string): string[] {
  const earlier = seriesOf(before, 'litellm_exporter_seeds_total');
  const reasons: string[] = [];
  for (const [labels, value] of seriesOf(after, 'litellm_exporter_seeds_total')) {
    const count = value - (earlier.get(labels) ?? 0);
    const reason = /reason="([^"]*)"/.exec(labels)?.[1] ?? '';
    for (let index = 0; index < count; index += 1) reasons.push(reason);
  }
  return reasons;
}
