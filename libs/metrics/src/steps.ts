/**
 * Work that can be laid down between any two of its steps: each `yield` is such a place. Scrapes over 100,000 series
 * run beside the stream in one event loop, so nothing here may hold it for long.
 */
export type Steps<T = void> = Generator<undefined, T, undefined>;

/** Items handled between two places of rest; well below a millisecond of work. */
const ITEMS_PER_STEP = 128;

/** Visits every item, with a place of rest every {@link ITEMS_PER_STEP} of them. */
export function* each<T>(items: Iterable<T>, visit: (item: T) => void): Steps {
  let visited = 0;
  for (const item of items) {
    visit(item);
    visited += 1;
    if (visited % ITEMS_PER_STEP === 0) yield;
  }
}

/** Turn of the event loop after which work is laid down, in milliseconds; DESIGN asks for 10 at most. */
const TURN = 4;

/**
 * Runs steps to their end and lets the event loop turn every few milliseconds.
 *
 * @throws whatever the steps throw.
 */
export async function run<T>(steps: Steps<T>): Promise<T> {
  let turnStarted = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (performance.now() - turnStarted >= TURN) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      turnStarted = performance.now();
    }
  }
}
