/** What time it is in the simulated world, in milliseconds since the Unix epoch. */
export interface Clock {
  now(): number;
  /** Moves a fixed clock on; the wall clock moves by itself and ignores it. */
  advance(milliseconds: number): void;
}

/** The machine's own clock. */
export const wallClock: Clock = { now: () => Date.now(), advance: () => undefined };

/** A clock that stands still until it is moved, so that one seed gives one and the same run. */
export function fixedClock(start: number): Clock {
  let now = start;
  return {
    now: () => now,
    advance: (milliseconds) => {
      now += milliseconds;
    },
  };
}
