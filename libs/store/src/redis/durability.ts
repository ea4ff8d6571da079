import type { Lsn } from '@app/change';
import { decodeCheckpoint } from './codec/checkpoint.js';
import type { StoreKeys } from './keys.js';
import type { RedisConnection } from './redis-connection.js';

/** Answers of a server that lacks WAITAOF, or keeps no append-only file. */
const UNSUPPORTED = /unknown command|appendonly|NOPERM|WAITAOF/i;

/** What is needed to say which checkpoint survives a crash of the store. */
export interface DurabilityParts {
  /** Its own connection: WAITAOF holds up whatever follows on the same one until the disk has been written. */
  readonly connection: RedisConnection;
  readonly keys: StoreKeys;
  /** Age at which a checkpoint counts as durable where the server can't say. */
  readonly durableAfter: number;
  /** Milliseconds to wait for the disk at most. */
  readonly patience: number;
}

/**
 * Knows which checkpoint survives a crash of the server (W2).
 *
 * With WAITAOF (Redis and Valkey 7.2): reads the stored checkpoint, writes a beat after it, and waits until the beat is
 * on disk. The append-only file keeps the order of writes, so the checkpoint is on disk too; and both were asked of one
 * server, so a failover in between can't make a lost checkpoint look durable.
 *
 * Without: a checkpoint that was stored long enough ago, as far as the server still holds it.
 */
export class Durability {
  readonly #parts: DurabilityParts;
  #supported = true;
  #last: Lsn | null = null;
  #stored: { readonly next: Lsn; readonly at: number }[] = [];

  constructor(parts: DurabilityParts) {
    this.#parts = parts;
  }

  /** Notes that a checkpoint has been stored just now. */
  stored(next: Lsn): void {
    this.#stored.push({ next, at: performance.now() });
  }

  /** Forgets everything: the store may hold something else now. */
  reset(): void {
    this.#stored = [];
    this.#last = null;
  }

  /** The newest durable checkpoint; the last known one while the server does not answer. */
  async position(): Promise<Lsn | null> {
    try {
      this.#last = this.#supported ? await this.#synced() : await this.#aged();
    } catch (error) {
      if (this.#supported && UNSUPPORTED.test(String(error))) {
        this.#supported = false;
        return this.position();
      }
    }
    return this.#last;
  }

  async #synced(): Promise<Lsn | null> {
    const { connection, keys, patience } = this.#parts;
    const [checkpoint, , synced] = await connection.pipeline([
      ['HGET', keys.meta, 'checkpoint'],
      ['SET', keys.beat, '1'],
      ['WAITAOF', '1', '0', String(patience)],
    ]);
    const [local] = synced as readonly [number, number];
    return local < 1 ? this.#last : positionOf(checkpoint);
  }

  async #aged(): Promise<Lsn | null> {
    const { connection, keys, durableAfter } = this.#parts;
    const old = performance.now() - durableAfter;
    const aged = this.#stored.findLastIndex(({ at }) => at <= old);
    if (aged === -1) return this.#last;
    this.#stored = this.#stored.slice(aged);
    const next = (this.#stored[0] as { next: Lsn }).next;
    const [checkpoint] = await connection.pipeline([['HGET', keys.meta, 'checkpoint']]);
    const held = positionOf(checkpoint);
    return held === null || held < next ? held : next;
  }
}

function positionOf(checkpoint: unknown): Lsn | null {
  return Buffer.isBuffer(checkpoint) ? decodeCheckpoint(String(checkpoint)).next : null;
}
