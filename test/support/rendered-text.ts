import type { RecordedState } from '@app/aggregates';
import { type Family, StateRenderer } from '@app/metrics';

/** What families say of a state, as text without HELP lines. */
export async function samplesText(families: readonly Family[], state: RecordedState, maxSeries = 0): Promise<string> {
  const text = await renderedText(families, state, maxSeries);
  return text.replaceAll(/^# HELP .*\n/gm, '');
}

/** What families say of a state, as text 0.0.4. */
export async function renderedText(families: readonly Family[], state: RecordedState, maxSeries = 0): Promise<string> {
  const { chunks } = await new StateRenderer({ families, maxSeries }).render(state, 'text');
  return Buffer.concat(chunks).toString('utf8');
}
