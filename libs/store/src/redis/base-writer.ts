import type { Epoch } from '@app/change';
import { type Claim, fencedFailure } from '../claim.js';
import type { BaseChanges } from './base-changes.js';
import type { BaseIndex } from './base-index.js';
import { type BaseOperation, basePieces, settleIndex } from './base-pieces.js';
import { entryId, type StoreKeys } from './keys.js';
import type { RedisConnection } from './redis-connection.js';
import type { ScriptCall } from './scripts/index.js';
import { failureOfReply } from './store-failures.js';

/** Staged parts that one script call deletes: each is a large string, which Redis frees at once, in some 50 µs. */
const PIECE_PARTS = 16;
/** Keeps every entry of the log. */
const NOTHING_TRIMMED = entryId(0);

/** Pieces on their way at once: a step waits for them at most, as they share its connection. */
const IN_FLIGHT = 3;

/** One run that writes a base: everything of it is refused once a newer writer, or a later run, has begun. */
export interface WritingRun {
  readonly epoch: Epoch;
  readonly claim: Claim;
  readonly generation: string;
  /** Number of the run, growing within a claim; '' for one that may run beside others, because it only deletes. */
  readonly pen: string;
  /**
   * Connection on which it began. A server that crashed may have lost the end of what it was told, so that a run that
   * went on on another connection might leave a hole: it is begun again instead.
   */
  readonly lifetime: number;
}

/** Writes a base in small pieces, each one short script. */
export class BaseWriter {
  readonly #connection: RedisConnection;
  readonly #keys: StoreKeys;
  readonly #pieceFields: number;
  #pens = 0;

  /** @param pieceFields fields that one script call may write. */
  constructor(connection: RedisConnection, keys: StoreKeys, pieceFields: number) {
    this.#connection = connection;
    this.#keys = keys;
    this.#pieceFields = pieceFields;
  }

  /** Begins a run; those begun before are refused from its first piece on. */
  begin(epoch: Epoch, claim: Claim, generation: string): WritingRun {
    this.#pens += 1;
    const pen = this.#pens.toString(16).padStart(12, '0');
    return { epoch, claim, generation, pen, lifetime: this.#connection.lifetime };
  }

  /** Writes changes, and brings the index up to them. @throws ExporterFailure as a step does. */
  async write(run: WritingRun, changes: BaseChanges, index: BaseIndex): Promise<void> {
    await this.#sendAll(run, basePieces(changes, index, this.#pieceFields));
    settleIndex(changes, index);
  }

  /** Deletes keys of a generation that are not part of its base. @throws ExporterFailure as a step does. */
  async delete(run: WritingRun, members: readonly string[]): Promise<void> {
    await this.#send(
      run,
      members.map((member) => ({ operation: 'unlink', member, values: [] })),
    );
  }

  async #sendAll(run: WritingRun, pieces: Iterable<readonly BaseOperation[]>): Promise<void> {
    const flying: Promise<void>[] = [];
    try {
      for (const piece of pieces) {
        if (flying.length >= IN_FLIGHT) await flying.shift();
        const sent = this.#send(run, piece);
        sent.catch(() => {});
        flying.push(sent);
      }
    } finally {
      await Promise.allSettled(flying);
    }
    await Promise.all(flying);
  }

  /**
   * Says that the base holds everything up to `version`, and drops log entries older than `keep` with their parts: the entries last, since
   * parts that no entry names would never be found again.
   */
  async advance(
    run: WritingRun,
    base: { readonly version: number; readonly clock: number },
    log: { readonly keep: number; readonly parts: readonly string[] },
  ): Promise<void> {
    const { claim, generation, pen } = run;
    const advanced = [claim.system, claim.rank, pen, generation, String(base.version), String(base.clock)];
    for (let at = 0, last = false; !last; at += PIECE_PARTS) {
      last = at + PIECE_PARTS >= log.parts.length;
      await this.#script(run, 'advanceBase', {
        keys: [this.#keys.meta, this.#keys.log(generation), ...log.parts.slice(at, at + PIECE_PARTS)],
        args: [...advanced, last ? entryId(log.keep) : NOTHING_TRIMMED],
      });
    }
  }

  async #send(run: WritingRun, piece: readonly BaseOperation[]): Promise<void> {
    const { claim, generation, pen } = run;
    const keys = [this.#keys.meta];
    const args: (string | Buffer)[] = [claim.system, claim.rank, pen];
    for (const { operation, member, values } of piece) {
      keys.push(member === null ? this.#keys.index(generation) : this.#keys.base(generation, member));
      args.push(operation, String(values.length), ...values);
    }
    await this.#script(run, 'writeBase', { keys, args });
  }

  async #script(run: WritingRun, name: 'writeBase' | 'advanceBase', call: ScriptCall): Promise<void> {
    const reply = await this.#connection.script(name, call, run.lifetime);
    const failure = failureOfReply(reply, () => fencedFailure(run.epoch));
    if (failure !== null) throw failure;
  }
}
