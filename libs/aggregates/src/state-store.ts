import type { Checkpoint, Epoch, Lsn } from '@app/change';
import type { RecordedState, StateRecord } from './record.js';

/** One atomic step: a record and the checkpoint it belongs to (W3). */
export interface Step {
  readonly epoch: Epoch;
  /** Where the writer believes the store stands; compared with what is stored. */
  readonly prev: Lsn;
  readonly checkpoint: Checkpoint;
  readonly record: StateRecord;
}

/** A whole new state that takes the place of the old one: a finished seed. */
export interface Generation {
  readonly epoch: Epoch;
  readonly checkpoint: Checkpoint;
  readonly state: RecordedState;
}

/**
 * Where state rests. A store owns the one state that this process serves, and changes it only through whole steps.
 *
 * One process writes (the consumer of the slot), any number read. All calls of the writing side are made one at a time.
 */
export abstract class StateStore {
  /** `process`: goes with this process, so that every start seeds. `external`: outlives it. */
  abstract readonly durability: 'process' | 'external';

  /** The state to be served; null until a first seed is whole, or where the stored one can't be read. */
  abstract readonly state: RecordedState | null;

  /** The checkpoint of {@link state}. */
  abstract readonly checkpoint: Checkpoint | null;

  /**
   * Connects and brings what is stored into memory. Half-written or foreign state leaves `state` null with a warning.
   *
   * @throws ExporterFailure `store-unavailable`, or `store-format` for a state of a newer version.
   */
  abstract open(): Promise<void>;

  /**
   * Announces a new writer: from now on steps with an older epoch of the same lineage are refused.
   *
   * @throws ExporterFailure `fenced` when a newer writer has announced itself.
   */
  abstract claim(epoch: Epoch): Promise<void>;

  /**
   * Makes a step current, or changes nothing. A store that has lost what it had confirmed to this writer (it was emptied,
   * or came back with older data) gets it back from memory first. A step whose checkpoint is already stored counts as done.
   * It does not promise durability: see {@link durable}.
   *
   * @throws ExporterFailure `fenced` when a newer epoch is stored, `checkpoint-mismatch` when the store stands
   * elsewhere than `prev`, `store-unavailable` when it can't be reached, `store-refused`
   * when it answered with an error (out of memory, wrong type).
   */
  abstract commit(step: Step): Promise<void>;

  /** Makes a generation current in place of the old one, out of sight until it is whole. @throws as {@link commit}. */
  abstract replace(generation: Generation): Promise<void>;

  /**
   * Brings {@link state} up to what the store holds now, so that no answer goes back (W7).
   *
   * @throws ExporterFailure `store-unavailable` when the store can't be asked.
   */
  abstract refresh(): Promise<void>;

  /** The newest checkpoint position that survives a crash of the store; null before one is known. */
  abstract durable(): Promise<Lsn | null>;

  /** Writes what is outstanding, and lets go of connections within 2 s. */
  abstract close(): Promise<void>;
}
