import { setImmediate as nextTurn } from 'node:timers/promises';

/** Work that lays itself down every few hundred things, and says at its end what has come of it. */
export type Work<T> = Generator<void, T, void>;

/** Things of a large step that are worked on between two looks at the clock: a millisecond or a few. */
export const SLICE = 500;
/** Turn of the event loop after which work is laid down, in milliseconds. */
const TURN = 5;

/** Does each thing of many, and lays the work down after every {@link SLICE}. */
export function* sliced<T>(things: Iterable<T>, each: (thing: T) => void): Work<void> {
  let done = 0;
  for (const thing of things) {
    each(thing);
    done += 1;
    if (done % SLICE === 0) yield;
  }
}

/** An array of many things. */
export function* listed<T>(things: Iterable<T>): Work<T[]> {
  const list: T[] = [];
  yield* sliced(things, (thing) => list.push(thing));
  return list;
}

/** Does all of it in this turn of the event loop. */
export function inOneTurn<T>(work: Work<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}

/**
 * Does the work over as many turns of the event loop as it needs: a step of a million things takes seconds, and probes want an answer
 * meanwhile. What fits into one turn is done in the turn of the call.
 *
 * @param stopped asked at the end of each turn: where it holds, the work is left undone
 * @returns what has come of it; null where it was left undone
 */
export async function inTurns<T>(work: Work<T>, stopped: () => boolean = () => false): Promise<T | null> {
  let began = performance.now();
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    if (performance.now() - began < TURN) continue;
    await nextTurn();
    if (stopped()) return null;
    began = performance.now();
  }
}
