import { cpus, loadavg } from 'node:os';

/** Milliseconds in which whatever is awaited comes about, however busy the machine is; only what never comes takes so long. */
export const PATIENCE = 180_000;

/** How much longer than on a quiet machine things may take on this one now: by its load over its processors. */
export function slowness(): number {
  const [load = 0] = loadavg();
  return Math.max(1, load / cpus().length);
}
