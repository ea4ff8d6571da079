/** A step that is being made and stored. */
export interface StepUnderWay {
  /** Milliseconds since the Unix epoch, by this process's clock. */
  readonly since: number;
  /** Changes that are in it, rows and entities. */
  readonly size: number;
}

/** Milliseconds that the store may be out of reach before PostgreSQL is let go of: 10 s on, another replica has the stream (W4, W11). */
const STORE_PATIENCE = 8_000;
/** Milliseconds that any step may take while the store does answer. */
const STEP_PATIENCE = 30_000;
/**
 * Milliseconds more for each change, since a large step is staged in many calls: ten times what one of a million keys takes on two cores.
 * Without them a step that takes longer than the patience would be begun again for ever.
 */
const CHANGE_PATIENCE = 0.2;

/** Why PostgreSQL is to be let go of, for a step that is under way; null while it may go on (W11). `blocked`: the store does not answer. */
export function tooSlow(step: StepUnderWay | null, blocked: boolean, now: number): string | null {
  if (step === null) return null;
  const patience = blocked ? STORE_PATIENCE : STEP_PATIENCE + CHANGE_PATIENCE * step.size;
  if (now - step.since < patience) return null;
  const what = blocked
    ? 'the store has been out of reach for'
    : `a step of ${step.size} changes has not been stored for`;
  return `${what} ${Math.round(patience / 1000)} s, so the replication connection is closed`;
}
