/**
 * Milliseconds of processor time that all threads of this process spend on one `work`, the mean of several in a row:
 * other work on the machine does not count, and garbage counts where it is made.
 */
export async function processorTime(times: number, work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  for (let time = 0; time < times; time++) await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000 / times;
}

/** The longest that the event loop was held while `work` ran, in milliseconds. */
export interface Held {
  /** In processor time of all threads: what a machine of our own would show, or a little less than that. */
  readonly processor: number;
  /** On the clock, with whatever else the machine did meanwhile. */
  readonly clock: number;
}

/** Watches each turn of the event loop while `work` runs. */
export async function longestHold(work: () => Promise<unknown>): Promise<Held> {
  let held: Held = { processor: 0, clock: 0 };
  let turn = { at: performance.now(), usage: process.cpuUsage() };
  let watching = true;
  const look = (): void => {
    const { user, system } = process.cpuUsage(turn.usage);
    const clock = performance.now() - turn.at;
    held = { processor: Math.max(held.processor, (user + system) / 1_000), clock: Math.max(held.clock, clock) };
    turn = { at: performance.now(), usage: process.cpuUsage() };
    if (watching) setImmediate(look);
  };
  setImmediate(look);
  await work();
  watching = false;
  look();
  return held;
}
