import { type Generation, type RecordedState, type StateRecord, StateStore, type Step } from '@app/aggregates';
import { type Checkpoint, type Epoch, ExporterFailure, isFailure, type Lsn } from '@app/change';
import { mismatchFailure } from '../claim.js';
import { ServedState } from '../served-state.js';
import { SILENT_LOG } from '../store-log.js';
import { Coalesced } from './coalesced.js';
import { Durability } from './durability.js';
import { StoreKeys } from './keys.js';
import { type CurrentState, UnreadableState } from './meta.js';
import { RedisConnection } from './redis-connection.js';
import { type RedisStoreOptions, type RedisTuning, TUNING } from './redis-store-options.js';
import { serverWarnings } from './server-warnings.js';
import { type LoadedState, StateReader } from './state-reader.js';
import { StateWriter } from './state-writer.js';
import { isWrongType } from './store-failures.js';

/** A refresh that meets a store in motion looks again at most this often. */
const LOOKS = 5;

/** State in Redis: it outlives the process, one process writes it, and all serve it. */
export class RedisStateStore extends StateStore {
  readonly durability = 'external';
  readonly #options: RedisStoreOptions & { tuning: RedisTuning };
  readonly #served = new ServedState();
  readonly #connections: readonly RedisConnection[];
  readonly #reading: RedisConnection;
  readonly #reader: StateReader;
  readonly #writer: StateWriter;
  readonly #durability: Durability;
  readonly #refresh = new Coalesced(() => this.#catchUp());
  #inspected = false;
  /** True from a step of ours on, until another writer is noticed. */
  #writing = false;
  /** True where the store was found to lack what is served. */
  #lost = false;
  /** The stored generation that the served state is of. */
  #generation: string | null = null;
  /** A generation that could not be read, and until when that is not tried again: it may have moved too fast, or be damaged for good. */
  #unreadable: { readonly generation: string; readonly until: number } | null = null;
  /** True where what was read last could not be made out. */
  #spoilt = false;
  /** Generations that another one has taken the place of: a store that names one of them has gone back. */
  readonly #left = new Set<string>();

  constructor(options: RedisStoreOptions) {
    super();
    const tuning = { ...TUNING, ...options.tuning };
    this.#options = { ...options, tuning };
    const keys = new StoreKeys(options.keyPrefix);
    const { commandTimeout, durableAfter, unsyncedAfter: saidAfter } = tuning;
    const reading = new RedisConnection(options, 'reader', commandTimeout);
    const writing = new RedisConnection(options, 'writer', commandTimeout);
    const syncing = new RedisConnection(options, 'durable', commandTimeout);
    this.#reading = reading;
    this.#connections = [reading, writing, syncing];
    this.#reader = new StateReader(reading, keys, options);
    this.#writer = new StateWriter(writing, keys, this.#options);
    const patience = commandTimeout * 0.75;
    const { log } = options;
    this.#durability = new Durability({ connection: syncing, keys, durableAfter, patience, saidAfter, log });
  }

  get state(): RecordedState | null {
    return this.#served.state;
  }

  get checkpoint(): Checkpoint | null {
    return this.#served.checkpoint;
  }

  async open(): Promise<void> {
    this.#writing = false;
    await this.#writer.rest();
    await this.#inspectServer();
    this.#durability.reset();
    this.#unreadable = null;
    const loaded = await this.#load();
    // What nobody can read any more is not lost where it is in memory, too: the start table decides by that (W5).
    const spoilt = loaded === null && this.#spoilt && this.state !== null;
    if (!spoilt) this.#adopt(loaded);
    if (loaded !== null) this.#durability.stored(loaded.checkpoint.next);
  }

  async claim(epoch: Epoch): Promise<void> {
    await this.#writer.claim(epoch);
    // What the writer before has stored up to this moment; it can't store more.
    await this.#refresh.run();
  }

  async commit(step: Step): Promise<void> {
    const { record, prev, checkpoint } = step;
    const state = this.state;
    const generation = this.#generation;
    if (state === null || generation === null) throw mismatchFailure(prev, null);
    try {
      await this.#follow(step, generation);
      await this.#writer.commit(step, generation);
    } catch (error) {
      if (isFailure(error, 'fenced')) this.#writing = false;
      const missing = isFailure(error, 'checkpoint-mismatch') && (await this.#hasLostSteps(state));
      if (!missing && !isWrongType(error)) throw error;
      await this.#writeBack(step, state);
    }
    this.#writing = true;
    this.#durability.stored(checkpoint.next);
    if (!(await this.#served.advance(state, [record], checkpoint))) await this.refresh();
  }

  async replace(generation: Generation): Promise<void> {
    const name = await this.#writer.replace(generation);
    this.#writing = true;
    const { state, checkpoint } = generation;
    this.#served.replace({ state, checkpoint });
    this.#enter(name);
    this.#durability.reset();
    this.#durability.stored(checkpoint.next);
  }

  /**
   * Where the store lacks what this process serves, only the process that writes answers: nobody has seen anything newer, and its next
   * step brings the store back. Another one may have been behind already when it happened, and shows nothing until it can tell (W7).
   */
  async refresh(): Promise<void> {
    await this.#refresh.run();
    if (!this.#lost || this.#writing || this.state === null) return;
    const message = 'Redis has lost what it had confirmed; its writer stores it once more, or seeds anew';
    throw new ExporterFailure({ kind: 'store-unavailable', message });
  }

  async durable(): Promise<Lsn | null> {
    return this.#durability.position();
  }

  /** Folds the log into the base now instead of within a second; the only step of the background that can be awaited. */
  async fold(): Promise<void> {
    await this.#writer.fold();
  }

  async close(): Promise<void> {
    const patience = new Promise<void>((resolve) => setTimeout(resolve, 1_500).unref());
    await Promise.race([this.#writer.rest(), patience]);
    for (const connection of this.#connections) connection.close();
  }

  /**
   * True where Redis holds less than it has confirmed to us: it was emptied, or came back with older files. A step is
   * compared with what is stored only after its claim was found to be the newest, so nobody else has stored anything since.
   */
  async #hasLostSteps(state: RecordedState): Promise<boolean> {
    const current = await this.#current();
    return current === null || current.generation !== this.#generation || current.version < state.version;
  }

  /**
   * The state that this writer serves is whole: what Redis has lost of it, or somebody has written over, is stored once
   * more, as a generation of its own, and no answer goes back. An older writer is fenced before it has changed anything.
   */
  async #writeBack(step: Step, state: RecordedState): Promise<void> {
    const { checkpoint } = this.#served;
    if (this.#served.state !== state || checkpoint?.next !== step.prev) throw mismatchFailure(step.prev, null);
    this.#options.log?.warn(
      'Redis no longer holds what it had confirmed, or a foreign hand has written over it: the state is stored once more, from memory',
    );
    await this.replace({ epoch: step.epoch, checkpoint, state });
    await this.#writer.commit(step, this.#generation ?? '');
  }

  /** Makes sure that steps stored before this process began to write are folded by it. */
  async #follow({ epoch, record }: Step, generation: string): Promise<void> {
    if (this.#writer.follows(generation, record.version - 1)) return;
    const current = await this.#reader.current();
    if (current?.generation === generation) await this.#writer.follow(epoch, current, this.#reader.log);
  }

  async #catchUp(): Promise<void> {
    for (let look = 1; look <= LOOKS; look++) {
      await this.#served.whole();
      const { state, checkpoint } = this.#served;
      const version = state?.version;
      const current = await this.#current();
      this.#lost = current === null;
      if (current === null) return;
      // What can't be read is for the writer to mend; nobody can tell how far it is behind what we have.
      this.#lost = this.#isUnreadable(current);
      if (this.#lost) return;
      this.#lost = this.state !== null && this.#left.has(current.generation);
      if (this.#lost) return;
      // A step of our own is not a store that has left us behind: its writer goes on with the very state we serve.
      if (this.#hasMoved(state, version)) {
        if (this.#includes(current)) return;
        continue;
      }
      const same = this.#generation === current.generation;
      if (same && state !== null && checkpoint !== null) {
        if (current.version === state.version) return;
        // A store that went back is not followed: it is behind what has been answered already.
        this.#lost = current.version < state.version || current.checkpoint.next < checkpoint.next;
        if (this.#lost) return;
        const records = await this.#missing(current, state, checkpoint);
        if (records !== null && (await this.#served.advance(state, records, current.checkpoint))) {
          this.#writing = false;
          return;
        }
        // A step of our own that waits to be applied may be in the base already, and in the log no more.
        if (records === null) await this.#served.settled();
        if (this.#hasMoved(state, version)) continue;
      }
      if (this.#served.state === state && (await this.#reload(current, this.#served.checkpoint))) return;
    }
  }

  /** True when what is served is at least what was current: where a look takes longer than a step, there is always a newer one. */
  #includes({ generation, version }: CurrentState): boolean {
    return this.#generation === generation && this.state !== null && this.state.version >= version;
  }

  /** True when what is served has changed since it was of that version. */
  #hasMoved(state: RecordedState | null, version: number | undefined): boolean {
    return this.#served.state !== state || state?.version !== version;
  }

  async #current(): Promise<CurrentState | null> {
    try {
      return await this.#reader.current();
    } catch (error) {
      if (error instanceof UnreadableState) return null;
      throw error;
    }
  }

  /** The records that are missing; null as well where something that is no log stands in its place. */
  async #missing(current: CurrentState, state: RecordedState, checkpoint: Checkpoint): Promise<StateRecord[] | null> {
    try {
      return await this.#reader.missing(current, state, checkpoint);
    } catch (error) {
      if (!isWrongType(error)) throw error;
      return null;
    }
  }

  #isUnreadable({ generation }: CurrentState): boolean {
    return this.#unreadable?.generation === generation && performance.now() < this.#unreadable.until;
  }

  /** Brings the whole state in anew; false when another one has been put in place meanwhile. */
  async #reload(current: CurrentState, checkpoint: Checkpoint | null): Promise<boolean> {
    const before = this.state;
    const version = before?.version;
    const loaded = await this.#load();
    if (this.#hasMoved(before, version)) return false;
    const until = performance.now() + this.#options.tuning.unreadableFor;
    this.#unreadable = loaded === null ? { generation: current.generation, until } : null;
    if (loaded === null && this.#spoilt && before !== null) {
      this.#lost = true;
      return true;
    }
    const back = loaded !== null && checkpoint !== null && loaded.checkpoint.next < checkpoint.next;
    if (back && loaded.generation === this.#generation) return true;
    this.#adopt(loaded);
    return true;
  }

  /** Says once what will go wrong with this server. */
  async #inspectServer(): Promise<void> {
    if (this.#inspected) return;
    const warnings = await serverWarnings(this.#reading);
    this.#inspected = true;
    for (const warning of warnings) this.#options.log?.warn(warning);
  }

  async #load(): Promise<LoadedState | null> {
    this.#spoilt = false;
    try {
      return await this.#reader.load();
    } catch (error) {
      if (!(error instanceof UnreadableState) && !isFailure(error, 'store-refused')) throw error;
      this.#spoilt = true;
      (this.#options.log ?? SILENT_LOG).warn(`the stored state can't be read: ${error.message}`);
      return null;
    }
  }

  #adopt(loaded: LoadedState | null): void {
    this.#served.replace(loaded);
    this.#enter(loaded?.generation ?? null);
  }

  #enter(generation: string | null): void {
    if (this.#generation !== null && this.#generation !== generation) this.#left.add(this.#generation);
    if (generation !== null) this.#left.delete(generation);
    this.#generation = generation;
  }
}
