import { applyInTurns, type RecordedState, type StateRecord } from '@app/aggregates';
import { type Checkpoint, ExporterFailure, formatLsn } from '@app/change';

/** A state with the checkpoint it belongs to. */
export interface ServedVersion {
  readonly state: RecordedState;
  readonly checkpoint: Checkpoint;
}

/**
 * The one state that a process serves. It changes only while nobody holds it, by whole records in order, one change
 * after the other: a record that is already in it is passed over, and one that does not follow is not applied.
 */
export class ServedState {
  #current: ServedVersion | null = null;
  #last: Promise<void> = Promise.resolve();

  get state(): RecordedState | null {
    return this.#current?.state ?? null;
  }

  get checkpoint(): Checkpoint | null {
    return this.#current?.checkpoint ?? null;
  }

  /** Resolves when no record is being applied: then state and checkpoint belong together. */
  async whole(): Promise<void> {
    for (let state = this.state; state !== null && state.changing !== null; state = this.state) await state.changing;
  }

  /** Resolves when every {@link advance} that was asked for has come to its end. */
  async settled(): Promise<void> {
    for (let last: Promise<void> | null = null; last !== this.#last; ) {
      last = this.#last;
      await last;
    }
  }

  /** Puts another state in its place; readers that hold the old one keep it until they are done. */
  replace(version: ServedVersion | null): void {
    this.#current = version;
  }

  /**
   * Applies the records that are still missing; whoever wants to read meanwhile waits until all of them are in it (W6).
   *
   * @returns false when a record between the state and the first of `records` is missing, or when another state has
   * been put in place meanwhile; nothing has been applied then.
   * @throws ExporterFailure `store-broken` where a record can't be applied: the state, half changed, is no longer served
   */
  advance(from: RecordedState, records: readonly StateRecord[], checkpoint: Checkpoint): Promise<boolean> {
    const turn = this.#last.then(() => this.#apply(from, records, checkpoint));
    this.#last = turn.then(
      () => {},
      () => {},
    );
    return turn;
  }

  async #apply(from: RecordedState, records: readonly StateRecord[], checkpoint: Checkpoint): Promise<boolean> {
    // Between the end of one hold and this turn another one may have begun.
    do await from.free();
    while (from.held === true);
    if (this.#current?.state !== from) return false;
    const missing = records.filter((record) => record.version > from.version);
    const [first] = missing;
    if (first === undefined) return true;
    if (first.version !== from.version + 1) return false;
    const end = from.change();
    let whole = false;
    try {
      await applyInTurns(from, missing);
      whole = true;
      if (this.#current?.state !== from) return false;
      this.#current = { state: from, checkpoint };
      return true;
    } catch (error) {
      if (this.#current?.state === from) this.#current = null;
      throw brokenFailure(checkpoint, error);
    } finally {
      end(whole);
    }
  }
}

/** The failure of a record that an error of this program has kept from being applied. */
function brokenFailure({ next }: Checkpoint, cause: unknown): ExporterFailure {
  return new ExporterFailure({
    kind: 'store-broken',
    message: `the step up to ${formatLsn(next)} could not be applied to the state in memory, which is shown no more: ${String(cause)}`,
    remedy: 'none needed: the state is read from the store again, or seeded anew; please report it with this line',
    cause,
  });
}
