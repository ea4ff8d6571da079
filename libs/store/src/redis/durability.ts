import { isFailure, type Lsn } from '@app/change';
import { SILENT_LOG, type StoreLog } from '../store-log.js';
import { AgeingCheckpoints } from './ageing-checkpoints.js';
import { decodeCheckpoint } from './codec/checkpoint.js';
import type { StoreKeys } from './keys.js';
import type { RedisConnection } from './redis-connection.js';

/** Answers of a server that lacks WAITAOF, or keeps no append-only file. */
const UNSUPPORTED = /unknown command|appendonly|NOPERM|WAITAOF/i;
const NEVER_SYNCED =
  'Redis leaves it to its operating system when a step reaches the disk (appendfsync no): a crash of it may lose half a minute, which is then seeded anew; set appendfsync everysec';
const NOT_SYNCED =
  'Redis does not sync its append-only file, so PostgreSQL hears of no position and keeps its log: look at the disk of Redis, and set its appendfsync to everysec or always';

/** What is needed to say which checkpoint survives a crash of the store. */
export interface DurabilityParts {
  /** Its own connection: WAITAOF holds up whatever follows on the same one until the disk has been written. */
  readonly connection: RedisConnection;
  readonly keys: StoreKeys;
  /** Age at which a checkpoint counts as durable where the server can't say. */
  readonly durableAfter: number;
  /** Milliseconds to wait for the disk at most. */
  readonly patience: number;
  /** Milliseconds without a sync after which it is said. */
  readonly saidAfter: number;
  readonly log?: StoreLog | undefined;
}

/**
 * Knows which checkpoint survives a crash of the server (W2).
 *
 * With WAITAOF (Redis and Valkey 7.2): reads the stored checkpoint, writes a beat after it, and waits until the beat is
 * on disk. The append-only file keeps the order of writes, so the checkpoint is on disk too; and both were asked of one
 * server, so a failover in between can't make a lost checkpoint look durable.
 *
 * Without, and where the server never syncs by itself (`appendfsync no`): a checkpoint that was stored long enough ago,
 * as far as the server still holds it.
 */
export class Durability {
  readonly #parts: DurabilityParts;
  readonly #log: StoreLog;
  #supported = true;
  /** The connection on which it was found out what the server can do: the next one may lead to another server. */
  #lifetime = 0;
  #last: Lsn | null = null;
  readonly #ageing: AgeingCheckpoints;
  /** Since when the server has not synced what it was asked to; null where the last sync was in time. */
  #unsyncedSince: number | null = null;
  /** What has been said of it, so that it is said once. */
  #said: string | null = null;

  constructor(parts: DurabilityParts) {
    this.#parts = parts;
    this.#ageing = new AgeingCheckpoints(parts.durableAfter);
    this.#log = parts.log ?? SILENT_LOG;
  }

  /** Notes that a checkpoint has been stored just now. */
  stored(next: Lsn): void {
    this.#ageing.add(next, performance.now());
  }

  /** Forgets everything: the store may hold something else now. */
  reset(): void {
    this.#ageing.clear();
    this.#last = null;
  }

  /** The newest durable checkpoint; the last known one while the server does not answer, or does not sync. */
  async position(): Promise<Lsn | null> {
    const { connection } = this.#parts;
    if (connection.lifetime !== this.#lifetime) this.#supported = true;
    this.#lifetime = connection.lifetime;
    try {
      this.#last = this.#supported ? await this.#synced() : await this.#aged();
    } catch (error) {
      if (this.#supported && UNSUPPORTED.test(String(error))) {
        // The first question of all has made the connection.
        this.#lifetime = connection.lifetime;
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
    const [local] = Array.isArray(synced) ? (synced as readonly unknown[]) : [];
    if (Number(local) >= 1) {
      this.#unsyncedSince = null;
      this.#said = null;
      return positionOf(checkpoint);
    }
    await this.#unsynced();
    return this.#last;
  }

  /** A server that is told never to sync will never say that it has; anything else is a disk that can't follow. */
  async #unsynced(): Promise<void> {
    this.#unsyncedSince ??= performance.now();
    if ((await this.#appendfsync()) === 'no') {
      this.#lifetime = this.#parts.connection.lifetime;
      this.#supported = false;
      this.#say(NEVER_SYNCED);
    } else if (performance.now() - this.#unsyncedSince >= this.#parts.saidAfter) this.#say(NOT_SYNCED);
  }

  #say(text: string): void {
    if (this.#said !== text) this.#log.warn(text);
    this.#said = text;
  }

  /** Null where this user may not ask, which is usual. */
  async #appendfsync(): Promise<string | null> {
    try {
      const answer = await this.#parts.connection.run((client) => client.config('GET', 'appendfsync'));
      return Array.isArray(answer) ? String(answer[1]) : null;
    } catch (error) {
      if (isFailure(error, 'store-refused')) return null;
      throw error;
    }
  }

  async #aged(): Promise<Lsn | null> {
    const { connection, keys } = this.#parts;
    const next = this.#ageing.oldEnough(performance.now());
    if (next === null) return this.#last;
    const [checkpoint] = await connection.pipeline([['HGET', keys.meta, 'checkpoint']]);
    const held = positionOf(checkpoint);
    return held === null || held < next ? held : next;
  }
}

function positionOf(checkpoint: unknown): Lsn | null {
  return Buffer.isBuffer(checkpoint) ? decodeCheckpoint(String(checkpoint)).next : null;
}
