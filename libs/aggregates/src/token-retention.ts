import type { AggregateState } from './state.js';

/**
 * Replaced tokens that nothing can be looked up by any more: no bucket of the window of key spend holds a row of theirs,
 * none that counts can still come (a row may end ROW_MAX_AGE before its commit, and a new seed reads that window back),
 * LiteLLM's table of deprecated keys does not name them, and no token that is needed leads on through them.
 */
export function outlivedTokens(state: AggregateState, now: number): string[] {
  const { entities, settings, specs } = state;
  const replaced = [...entities.replacedTokens()];
  if (replaced.length === 0) return [];
  const settled = now - specs.K.length - specs.K.bucket - settings.rowMaxAge;
  const needed = new Set<string>();
  const need = (token: string): void => {
    for (let current: string | undefined = token; current !== undefined && !needed.has(current); ) {
      needed.add(current);
      current = entities.replacementOf(current);
    }
  };
  for (const { token } of entities.all('deprecated_key')) need(token);
  const series = state.table('spend_by_key');
  for (const [old, , since] of replaced) {
    if (since > settled || series.find([old]) !== undefined) need(old);
  }
  return replaced.map(([old]) => old).filter((old) => !needed.has(old));
}
