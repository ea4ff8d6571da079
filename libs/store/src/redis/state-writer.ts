import { randomBytes } from 'node:crypto';
import { type Generation, itemsOf, type StateRecord, type Step, slicesOf } from '@app/aggregates';
import { type Epoch, ExporterFailure, lsnFromHex, lsnToHex } from '@app/change';
import { claimOf, fencedFailure, mismatchFailure } from '../claim.js';
import { SILENT_LOG } from '../store-log.js';
import { BaseFolder, type FolderParts } from './base-folder.js';
import { BaseIndex } from './base-index.js';
import { scan } from './base-reader.js';
import { BaseWriter } from './base-writer.js';
import { encodeCheckpoint } from './codec/checkpoint.js';
import { encodeRecord } from './codec/record.js';
import { GenerationWriter } from './generation-writer.js';
import { entryId, FORMAT, type StoreKeys } from './keys.js';
import type { CurrentState } from './meta.js';
import type { RedisConnection } from './redis-connection.js';
import { type RedisStoreOptions, type RedisTuning } from './redis-store-options.js';
import type { ScriptReply } from './scripts/index.js';
import { encodeStage, partKeys, StepLog } from './step-log.js';
import { failureOfReply, isOutOfMemory } from './store-failures.js';

/** A record whose parts expired before its step was made current is staged again, once. */
const STAGINGS = 2;

/** The encoded record of a step, in place or staged. */
interface EncodedStep {
  readonly field: 'd' | 'r';
  readonly value: string | Buffer;
  readonly bytes: number;
  readonly parts: readonly string[];
}

/** The writing side of the store: one connection, on which everything is in order. */
export class StateWriter {
  readonly #connection: RedisConnection;
  readonly #keys: StoreKeys;
  readonly #options: RedisStoreOptions;
  readonly #tuning: RedisTuning;
  readonly #base: BaseWriter;
  readonly #generations: GenerationWriter;
  #folder: BaseFolder | null = null;
  #deleting: Promise<void> = Promise.resolve();

  constructor(connection: RedisConnection, keys: StoreKeys, options: RedisStoreOptions & { tuning: RedisTuning }) {
    this.#connection = connection;
    this.#keys = keys;
    this.#options = options;
    this.#tuning = options.tuning;
    this.#base = new BaseWriter(connection, keys, options.tuning.pieceFields);
    this.#generations = new GenerationWriter(connection, keys, this.#base);
  }

  /** Announces the writer. @throws ExporterFailure as {@link StateStore.claim}. */
  async claim(epoch: Epoch): Promise<void> {
    await this.rest();
    const { system, rank } = claimOf(epoch);
    const call = { keys: [this.#keys.meta], args: [String(FORMAT), system, rank] };
    const reply = await this.#connection.script('claimWriter', call);
    // Only a claim of the same system refuses one.
    const failure = failureOfReply(reply, (standing) => fencedFailure(epoch, { system, rank: standing }));
    if (failure !== null) throw failure;
    this.#deleteOthers(epoch);
  }

  /** Makes a step on `current` generation current. @throws ExporterFailure as {@link StateStore.commit}. */
  async commit(step: Step, generation: string): Promise<void> {
    await this.#folder?.relieve();
    try {
      await this.#commit(step, generation);
    } catch (error) {
      if (!isOutOfMemory(error) || (await this.#folder?.shed()) !== true) throw error;
      await this.#commit(step, generation);
    }
  }

  async #commit(step: Step, generation: string): Promise<void> {
    for (let staging = 1; ; staging++) {
      const encoded = await this.#encode(step.record);
      const reply = await this.#connection.script('commitStep', this.#commitCall(step, generation, encoded));
      if (reply[0] === 'UNSTAGED' && staging < STAGINGS) continue;
      this.#check(step, reply);
      this.#took(step, generation, encoded);
      return;
    }
  }

  /** Writes a generation and makes it current; returns its name. @throws ExporterFailure as {@link StateStore.replace}. */
  async replace(generation: Generation): Promise<string> {
    await this.rest();
    await this.#deleting;
    const written = await this.#generations.write(generation);
    this.#folder = this.#makeFolder(generation.epoch, {
      generation: written.name,
      index: written.index,
      base: { version: generation.state.version, clock: generation.state.clock },
      settings: generation.state.settings,
    });
    this.#deleteOthers(generation.epoch);
    return written.name;
  }

  /**
   * Makes ready to follow a generation that this process did not begin: what its log holds beyond its base is to be
   * folded by us from now on. Nothing happens where that is known already.
   */
  async follow(epoch: Epoch, current: CurrentState, log: StepLog): Promise<void> {
    const { generation, version, settings } = current;
    if (this.#folder?.generation === generation && this.#folder.lastVersion === version) return;
    const base = { version: current.base, clock: current.baseClock };
    await this.rest();
    const members = await scan(this.#connection, 'SSCAN', this.#keys.index(generation));
    const entries = await log.read(generation, base.version + 1, version);
    if (entries === null) throw mismatchFailure(current.checkpoint.next, null);
    const unfolded = new Set(entries.flatMap(({ parts }) => parts));
    const parts = (await log.stagedParts(generation)).filter((part) => !unfolded.has(part));
    const index = new BaseIndex(members.map(String));
    this.#folder = this.#makeFolder(epoch, { generation, index, base, settings, foldedParts: parts });
    for (const entry of entries) this.#folder.add(entry);
  }

  /** True when the folder knows everything up to the step before this one. */
  follows(generation: string, version: number): boolean {
    return this.#folder?.generation === generation && this.#folder.lastVersion === version;
  }

  /** Folds what is pending, now. */
  async fold(): Promise<void> {
    await this.#folder?.fold();
  }

  /** Ends what runs in the background. */
  async rest(): Promise<void> {
    await this.#folder?.stop();
    this.#folder = null;
  }

  #makeFolder(
    epoch: Epoch,
    parts: Pick<FolderParts, 'generation' | 'index' | 'base' | 'settings' | 'foldedParts'>,
  ): BaseFolder {
    return new BaseFolder({
      writer: this.#base,
      epoch,
      claim: claimOf(epoch),
      tuning: this.#tuning,
      log: this.#options.log,
      ...parts,
    });
  }

  #commitCall({ epoch, prev, checkpoint, record }: Step, generation: string, encoded: EncodedStep) {
    const { system, rank } = claimOf(epoch);
    return {
      keys: [this.#keys.meta, this.#keys.log(generation), ...encoded.parts],
      args: [
        ...[String(FORMAT), system, rank, generation, lsnToHex(prev), lsnToHex(checkpoint.next)],
        ...[String(record.version - 1), String(record.version), encodeCheckpoint(checkpoint), String(record.clock)],
        ...[encoded.field, encoded.value, entryId(record.version)],
      ],
    };
  }

  #check({ epoch, prev }: Step, reply: ScriptReply): void {
    const failure = failureOfReply(reply, () => fencedFailure(epoch));
    if (failure !== null) throw failure;
    const [word, detail] = reply;
    if (word === 'MISMATCH')
      throw mismatchFailure(prev, detail === undefined || detail === '' ? null : lsnFromHex(detail));
    if (word === 'UNSTAGED') {
      throw new ExporterFailure({
        kind: 'store-refused',
        message: 'Redis lost the parts of a large step before it could be made current',
        remedy: 'set maxmemory-policy of Redis to noeviction',
      });
    }
  }

  /** A step that is stored is folded in time, also where its first answer was lost. */
  #took({ record }: Step, generation: string, { bytes, parts }: EncodedStep): void {
    if (this.follows(generation, record.version - 1)) this.#folder?.add({ records: [record], bytes, parts });
  }

  async #encode(record: StateRecord): Promise<EncodedStep> {
    const { stageBytes, sliceItems } = this.#tuning;
    if (itemsOf(record) > sliceItems) return this.#stage(record);
    const value = encodeRecord(record);
    return value.length > stageBytes ? this.#stage(record) : { field: 'd', value, bytes: value.length, parts: [] };
  }

  /**
   * Puts a record that is too large for one short script out of sight first, slice by slice, with a time to live. Neither
   * this process nor the server is busy with more than one slice at a time.
   */
  async #stage(record: StateRecord): Promise<EncodedStep> {
    const { sliceItems, stageSeconds } = this.#tuning;
    const stage = randomBytes(8).toString('hex');
    let bytes = 0;
    let count = 0;
    for (const slice of slicesOf(record, sliceItems)) {
      const encoded = encodeRecord(slice);
      await this.#connection.pipeline([['SET', this.#keys.part(stage, count), encoded, 'EX', String(stageSeconds)]]);
      bytes += encoded.length;
      count += 1;
    }
    return { field: 'r', value: encodeStage(stage, count), bytes, parts: partKeys(this.#keys, stage, count) };
  }

  #deleteOthers(epoch: Epoch): void {
    this.#deleting = this.#deleting
      .then(() => this.#generations.deleteOthers(epoch, claimOf(epoch)))
      .catch((error: unknown) => {
        (this.#options.log ?? SILENT_LOG).debug(`old generations are deleted later: ${String(error)}`);
      });
  }
}
