/** Where a faulty exporter can be told to die, to stand still or to wait. In the order in which a row passes them. */
export const failpointNames = [
  'before-claim',
  'after-claim',
  // While a seed is taken: its first rows are there, a slice has been read, its state is to be made current, and has been.
  'seed-begun',
  'slice-read',
  'before-replace',
  'after-replace',
  // In the stream: in the middle of a transaction, and when its commit has been decoded.
  'row-decoded',
  'commit-decoded',
  'before-store',
  'after-store',
  'before-durable',
  'after-durable',
  'before-confirm',
  'after-confirm',
] as const;

/** One of {@link failpointNames}. */
export type FailpointName = (typeof failpointNames)[number];

/** What happens there: the process kills itself, stops itself until SIGCONT, or waits (where the program waits anyway). */
export type FailpointAction = 'kill' | 'stop' | `wait-${number}`;

/** An action at the `pass`th time (from 1) that the program comes by. */
export interface Failpoint {
  readonly name: FailpointName;
  readonly pass: number;
  readonly action: FailpointAction;
}

/** Reads `<name>@<pass>:<action>`. @throws Error for anything else */
export function readFailpoint(text: string): Failpoint {
  const [, name, pass, action] = /^([a-z-]+)@(\d+):(kill|stop|wait-\d+)$/.exec(text) ?? [];
  const known = failpointNames.find((candidate) => candidate === name);
  if (known === undefined || action === undefined) throw new Error(`FAILPOINT=${text}: no such point`);
  return { name: known, pass: Number(pass), action: action as FailpointAction };
}

/** The form that {@link readFailpoint} reads. */
export function writeFailpoint({ name, pass, action }: Failpoint): string {
  return `${name}@${pass}:${action}`;
}
