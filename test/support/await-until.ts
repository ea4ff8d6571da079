import { setTimeout as pause } from 'node:timers/promises';

/** How long and how often {@link awaitUntil} asks. */
export interface Patience {
  /** Milliseconds until it gives up; 25000 without one. */
  readonly timeout?: number;
  /** Milliseconds between two questions; 20 without one. */
  readonly interval?: number;
  /** What was awaited, for the message of the error. */
  readonly what?: string;
}

/**
 * Asks until `condition` answers with something truthy, and resolves with that answer. A condition that throws counts as "not yet".
 * Rejects after the timeout, naming what was awaited and the last error.
 */
export async function awaitUntil<T>(
  condition: () => T | Promise<T>,
  patience: Patience = {},
): Promise<Exclude<T, false | null | undefined>> {
  const { timeout = 25_000, interval = 20, what = 'the condition' } = patience;
  const end = performance.now() + timeout;
  let lastError: unknown;
  do {
    try {
      const answer = await condition();
      if (answer) return answer as Exclude<T, false | null | undefined>;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    await pause(interval);
  } while (performance.now() < end);
  throw new Error(`${what} did not come true within ${timeout} ms`, { cause: lastError });
}
