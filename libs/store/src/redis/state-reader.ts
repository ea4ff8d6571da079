import type { RecordedState, StateRecord } from '@app/aggregates';
import { type Checkpoint, lsnToHex } from '@app/change';
import { BaseReader, windowEdges } from './base-reader.js';
import type { StoreKeys } from './keys.js';
import { type CurrentState, readable, readMeta, UnreadableState } from './meta.js';
import type { RedisConnection } from './redis-connection.js';
import type { RedisStoreOptions } from './redis-store-options.js';
import { StepLog } from './step-log.js';

/** A base is read again when the writer moved it away under the reader, at most this often. */
const ATTEMPTS = 5;
/** Members of a base between two lines about progress. */
const PROGRESS = 2_000;

/** What has been brought into memory. */
export interface LoadedState {
  readonly generation: string;
  readonly state: RecordedState;
  readonly checkpoint: Checkpoint;
}

/** Reads whole states, and what is missing to one, out of Redis. */
export class StateReader {
  readonly log: StepLog;

  constructor(
    private readonly connection: RedisConnection,
    private readonly keys: StoreKeys,
    private readonly options: RedisStoreOptions,
  ) {
    this.log = new StepLog(connection, keys);
  }

  /** What is current. @throws as {@link readMeta}. */
  async current(): Promise<CurrentState | null> {
    return readMeta(this.connection, this.keys);
  }

  /**
   * Brings the current generation into a state of its own: base, then the log over it; null where nothing is stored.
   *
   * @throws UnreadableState when it is half-written or damaged.
   */
  async load(): Promise<LoadedState | null> {
    let reason = 'it changes faster than it can be read';
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const before = await this.current();
      if (before === null) return null;
      try {
        const loaded = await this.#load(before);
        if (loaded !== null) return loaded;
      } catch (error) {
        if (!(error instanceof UnreadableState)) throw error;
        // Half of a change by the writer looks like damage: only what stays unreadable is.
        reason = error.message;
      }
      this.options.log?.debug(`the stored state has moved on while it was read, attempt ${attempt}`);
    }
    throw new UnreadableState(reason);
  }

  /** The records that lead from a state to what is current; null when the log does not reach from one to the other. */
  async missing(current: CurrentState, own: RecordedState, checkpoint: Checkpoint): Promise<StateRecord[] | null> {
    const entries = await this.log.read(current.generation, own.version + 1, current.version);
    if (entries === null || entries[0]?.prev !== lsnToHex(checkpoint.next)) return null;
    return entries.flatMap(({ records }) => records);
  }

  async #load(before: CurrentState): Promise<LoadedState | null> {
    const { settings } = before;
    const state = this.options.createState(settings);
    const base = new BaseReader(this.connection, this.keys, before);
    const members = await base.members();
    let things = 0;
    for await (const record of base.records(members)) {
      readable(() => state.apply(record));
      things += record.defined.length;
      for (const pairs of Object.values(record.pairs)) things += pairs.length;
      if (things >= PROGRESS * 100) things = this.#progress(things);
    }
    const after = await this.current();
    if (after === null || after.generation !== before.generation) return null;
    const entries = await this.log.read(after.generation, before.base + 1, after.version);
    if (entries === null) throw new UnreadableState(`its log lacks steps after version ${before.base}`);
    for (const record of entries.flatMap(({ records }) => records)) {
      readable(() => state.apply(record));
      for (const id of record.dropped) base.unnamed.delete(id);
      for (const { id } of record.defined) base.unnamed.delete(id);
    }
    if (base.unnamed.size > 0) throw new UnreadableState(`${base.unnamed.size} of its series have lost their names`);
    const edges = windowEdges(settings, after.clock);
    const lost = base.missing.filter(({ window, bucket }) => bucket >= edges[window]);
    if (lost.length > 0) throw new UnreadableState(`${lost.length} of its buckets are missing`);
    this.options.log?.debug(`read the stored state: ${members.length} parts, ${entries.length} steps`);
    return { generation: after.generation, state, checkpoint: after.checkpoint };
  }

  #progress(things: number): number {
    this.options.log?.debug(`reading the stored state: ${things} more pairs and series`);
    return 0;
  }
}
