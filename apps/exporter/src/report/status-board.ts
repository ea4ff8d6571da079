import type { SeedProgress } from '@app/litellm';

/** What the process is at. */
export type Phase = 'connecting' | 'seeding' | 'streaming' | 'waiting' | 'stopping';

/** What the status page shows beside the state itself. */
export interface Status {
  readonly phase: Phase;
  /** When the phase began, in milliseconds since the Unix epoch. */
  readonly since: number;
  readonly seed: SeedProgress | null;
  readonly seedReason: string | null;
  /** The last failure in words; null while there has been none, or since all has been well again. */
  readonly failure: string | null;
}

/** Remembers what the process is at, for the status page. */
export class StatusBoard {
  #status: Status = { phase: 'connecting', since: Date.now(), seed: null, seedReason: null, failure: null };

  get status(): Status {
    return this.#status;
  }

  enter(phase: Phase): void {
    const failure = phase === 'streaming' ? null : this.#status.failure;
    this.#status = { ...this.#status, phase, failure, since: Date.now() };
  }

  seeding(reason: string): void {
    this.#status = { ...this.#status, phase: 'seeding', since: Date.now(), seed: null, seedReason: reason };
  }

  progress(seed: SeedProgress): void {
    this.#status = { ...this.#status, seed };
  }

  fail(failure: string): void {
    this.#status = { ...this.#status, phase: 'waiting', since: Date.now(), failure };
  }
}
