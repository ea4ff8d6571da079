import type { SeedProgress, SourceSight } from '@app/litellm';
import type { SlotFigures } from '@app/pipeline';
import type { Hindrance } from '@app/postgres';

/** What the process is at. `following`: another one consumes the slot, and this one waits to take over. */
export type Phase = 'connecting' | 'seeding' | 'streaming' | 'following' | 'waiting' | 'stopping';

/** What the status page shows beside the state itself. */
export interface Status {
  readonly phase: Phase;
  /** When the phase began, in milliseconds since the Unix epoch. */
  readonly since: number;
  readonly seed: SeedProgress | null;
  readonly seedReason: string | null;
  /** What the start waits for, and since when in milliseconds since the Unix epoch; null where it waits for nobody. */
  readonly waitsFor: (Hindrance & { readonly since: number }) | null;
  /** The last failure in words; null while there has been none, or since all has been well again. */
  readonly failure: string | null;
  /** What was seen of the slot last; null where there is none, or PostgreSQL does not answer. */
  readonly slot: SlotFigures | null;
  /** The deployment that was reached last; `unasked` until the first attempt has ended, null where none has succeeded. */
  readonly source: SourceSight | null | 'unasked';
}

/** Remembers what the process is at, for the status page. */
export class StatusBoard {
  #status: Status = {
    phase: 'connecting',
    since: Date.now(),
    seed: null,
    seedReason: null,
    waitsFor: null,
    failure: null,
    slot: null,
    source: 'unasked',
  };

  get status(): Status {
    return this.#status;
  }

  /** A new phase, unless the process is being stopped: that is its last. */
  enter(phase: Phase): void {
    const failure = phase === 'streaming' || phase === 'following' ? null : this.#status.failure;
    this.#change({ phase, failure });
  }

  seeding(reason: string): void {
    this.#change({ phase: 'seeding', seed: null, seedReason: reason });
  }

  progress(seed: SeedProgress): void {
    this.#status = { ...this.#status, seed };
  }

  /** Told again while a wait lasts, which goes on counting. */
  waitsFor(hindrance: Hindrance | null): void {
    const since = this.#status.waitsFor?.since ?? Date.now();
    this.#status = { ...this.#status, waitsFor: hindrance === null ? null : { ...hindrance, since } };
  }

  slot(slot: SlotFigures | null): void {
    this.#status = { ...this.#status, slot };
  }

  /** A server that does not answer, or does not say which it is, is the same one as before. */
  source(seen: SourceSight | null): void {
    const before = this.#status.source === 'unasked' ? null : this.#status.source;
    const source = seen === null ? before : { ...seen, systemId: seen.systemId ?? before?.systemId ?? null };
    this.#status = { ...this.#status, source };
  }

  fail(failure: string): void {
    this.#change({ phase: 'waiting', failure });
  }

  #change(changes: Partial<Status> & { readonly phase: Phase }): void {
    const { phase: before, since } = this.#status;
    const phase = before === 'stopping' ? before : changes.phase;
    this.#status = { ...this.#status, ...changes, phase, since: phase === before ? since : Date.now() };
  }
}
