import { randomBytes } from 'node:crypto';
import { encodeSettings, type Generation } from '@app/aggregates';
import { lsnToHex } from '@app/change';
import { type Claim, claimOf, fencedFailure, mismatchFailure } from '../claim.js';
import { BaseChanges } from './base-changes.js';
import { BaseIndex } from './base-index.js';
import { scan } from './base-reader.js';
import type { BaseWriter, WritingRun } from './base-writer.js';
import { encodeCheckpoint } from './codec/checkpoint.js';
import { fingerprintOf } from './codec/settings.js';
import { FORMAT, type StoreKeys } from './keys.js';
import type { RedisConnection } from './redis-connection.js';
import { listOf } from './replies.js';
import type { ScriptCall } from './scripts/index.js';
import { StepLog } from './step-log.js';
import { failureOfReply, isWrongType } from './store-failures.js';

/** Things that one record of a dump holds: enough for most pieces made of it to be full, few enough to be garbage before they are old. */
const DUMP_ITEMS = 5_000;
/** Staged parts deleted by one command: large strings, which Redis frees at once. */
const DELETED = 16;

/** Makes whole generations, and deletes those that are no longer current. */
export class GenerationWriter {
  constructor(
    private readonly connection: RedisConnection,
    private readonly keys: StoreKeys,
    private readonly writer: BaseWriter,
  ) {}

  /**
   * Writes a generation out of sight, then makes it current.
   *
   * @returns its name and the members of its base.
   * @throws ExporterFailure as {@link StateStore.replace}; what was written is deleted with the next generation.
   */
  async write(generation: Generation) {
    const { epoch, checkpoint, state } = generation;
    const claim = claimOf(epoch);
    const name = `${FORMAT}.${fingerprintOf(state.settings)}.${randomBytes(5).toString('hex')}`;
    await this.#script(generation, 'openDraft', {
      keys: [this.keys.meta, this.keys.generations],
      args: [String(FORMAT), claim.system, claim.rank, name],
    });
    const run = this.writer.begin(epoch, claim, name);
    const index = new BaseIndex();
    for (const record of state.dump(DUMP_ITEMS)) {
      const changes = new BaseChanges();
      changes.add(record);
      await this.writer.write(run, changes, index);
    }
    await this.#script(
      generation,
      'makeCurrent',
      {
        keys: [this.keys.meta],
        args: [
          String(FORMAT),
          claim.system,
          claim.rank,
          name,
          lsnToHex(checkpoint.next),
          String(state.version),
          encodeCheckpoint(checkpoint),
          String(state.clock),
          encodeSettings(state.settings),
        ],
      },
      run.lifetime,
    );
    return { name, index };
  }

  /** Deletes generations that are neither current nor being written. @throws ExporterFailure as a step does. */
  async deleteOthers(epoch: Generation['epoch'], claim: Claim): Promise<void> {
    const listed = await this.connection.run(async (client) =>
      listOf(await client.smembers(this.keys.generations), 'SMEMBERS'),
    );
    const [current, draft] = await this.connection.run((client) => client.hmget(this.keys.meta, 'generation', 'draft'));
    for (const generation of listed) {
      if (generation === current || generation === draft) continue;
      const run = { ...this.writer.begin(epoch, claim, generation), pen: '' };
      await this.#delete(run);
    }
  }

  async #delete(run: WritingRun): Promise<void> {
    const { generation } = run;
    const staged = await this.#stagedParts(generation);
    const parts = staged ?? [];
    for (let at = 0; at < parts.length; at += DELETED) {
      await this.connection.run((client) => client.unlink(...parts.slice(at, at + DELETED)));
    }
    const index = new BaseIndex((await scan(this.connection, 'SSCAN', this.keys.index(generation))).map(String));
    const changes = new BaseChanges();
    for (const member of index.members()) changes.remove(member);
    await this.writer.write(run, changes, index);
    await this.writer.delete(run, staged === null ? ['index'] : ['log', 'index']);
    await this.connection.run((client) => client.srem(this.keys.generations, generation));
  }

  /** Null where a foreign key stands in the log's place: it is left, and keeps nothing else of the generation. */
  async #stagedParts(generation: string): Promise<readonly string[] | null> {
    try {
      return await new StepLog(this.connection, this.keys).stagedParts(generation);
    } catch (error) {
      if (isWrongType(error)) return null;
      throw error;
    }
  }

  async #script(
    generation: Generation,
    name: 'openDraft' | 'makeCurrent',
    call: ScriptCall,
    lifetime?: number,
  ): Promise<void> {
    const reply = await this.connection.script(name, call, lifetime);
    const failure = failureOfReply(reply, () => fencedFailure(generation.epoch));
    if (failure !== null) throw failure;
    if (reply[0] === 'MISMATCH') throw mismatchFailure(generation.checkpoint.next, null);
  }
}
