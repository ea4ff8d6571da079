import type { StateRecord } from '@app/aggregates';
import { decodeRecord } from './codec/record.js';
import { entryId, type StoreKeys } from './keys.js';
import { readable } from './meta.js';
import type { RedisConnection } from './redis-connection.js';
import { listOf, pairsOf } from './replies.js';

/** Entries asked for at once: mostly some kilobytes each, at most a quarter of a megabyte. */
const ENTRIES = 32;
/** Staged slices asked for, and decoded, at once. */
const PARTS = 2;

/** One step in the log. */
export interface LogEntry {
  /** The checkpoint it starts from, 16 hexadecimal digits. */
  readonly prev: string;
  /** The step: one record, or a large one in slices of its version. */
  readonly records: readonly StateRecord[];
  /** Bytes that it takes in the store. */
  readonly bytes: number;
  /** Keys of its staged slices; none for a small one. */
  readonly parts: readonly string[];
}

/** What an entry of a staged record carries in place of it: `stage:number of slices`. */
export function encodeStage(stage: string, parts: number): string {
  return `${stage}:${parts}`;
}

/** The keys of the staged slices of an entry. */
export function partKeys(keys: StoreKeys, stage: string, parts: number): string[] {
  return Array.from({ length: parts }, (_, number) => keys.part(stage, number));
}

/** Reads the log of a generation. */
export class StepLog {
  readonly #connection: RedisConnection;
  readonly #keys: StoreKeys;

  constructor(connection: RedisConnection, keys: StoreKeys) {
    this.#connection = connection;
    this.#keys = keys;
  }

  /**
   * The steps `from` to `to`, both included; null when the log does not hold all of them any more.
   *
   * @throws UnreadableState for an entry that can't be decoded.
   */
  async read(generation: string, from: number, to: number): Promise<LogEntry[] | null> {
    const entries: LogEntry[] = [];
    for (let next = from; next <= to; ) {
      const found = await this.#range(generation, next, to);
      for (const [version, fields] of found) {
        const entry = version === next ? await this.#decode(fields) : null;
        if (entry === null) return null;
        entries.push(entry);
        next += 1;
      }
      if (found.length === 0) return null;
    }
    return entries;
  }

  /** The oldest version in the log; null for an empty one. */
  async oldest(generation: string): Promise<number | null> {
    const [entry] = await this.#range(generation, 0, Number.MAX_SAFE_INTEGER, 1);
    return entry?.[0] ?? null;
  }

  /** Keys of all staged parts that the log points at. */
  async stagedParts(generation: string): Promise<string[]> {
    const parts: string[] = [];
    for (let next = 0; ; ) {
      const found = await this.#range(generation, next, Number.MAX_SAFE_INTEGER);
      for (const [version, fields] of found) {
        parts.push(...this.#partsOf(fields));
        next = version + 1;
      }
      if (found.length < ENTRIES) return parts;
    }
  }

  async #range(
    generation: string,
    from: number,
    to: number,
    count = ENTRIES,
  ): Promise<[number, Map<string, Buffer>][]> {
    return this.#connection.run(async (client) => {
      const found = await client.xrangeBuffer(this.#keys.log(generation), entryId(from), entryId(to), 'COUNT', count);
      return listOf(found, 'XRANGE').map((entry) => {
        const [id, fields] = listOf<Buffer | readonly Buffer[]>(entry, 'XRANGE', 2);
        return [Number(String(id).split('-')[0]), fieldsOf(pairsOf(fields, 'XRANGE'))];
      });
    });
  }

  /** Null when a staged slice has gone, because the entry was trimmed meanwhile. */
  async #decode(fields: Map<string, Buffer>): Promise<LogEntry | null> {
    const prev = fields.get('p')?.toString() ?? '';
    const parts = this.#partsOf(fields);
    if (parts.length > 0) {
      const staged = await this.#readStaged(parts);
      return staged === null ? null : { prev, parts, ...staged };
    }
    const data = fields.get('d') ?? Buffer.alloc(0);
    return { prev, parts, records: [readable(() => decodeRecord(data))], bytes: data.length };
  }

  #partsOf(fields: Map<string, Buffer>): string[] {
    const [stage = '', parts = '0'] = fields.get('r')?.toString().split(':') ?? [];
    return partKeys(this.#keys, stage, Number(parts));
  }

  /** A few slices at a time, so that this process can do something else between them. */
  async #readStaged(keys: readonly string[]): Promise<Pick<LogEntry, 'records' | 'bytes'> | null> {
    const records: StateRecord[] = [];
    let bytes = 0;
    for (let at = 0; at < keys.length; at += PARTS) {
      const found = await this.#connection.pipeline(keys.slice(at, at + PARTS).map((key) => ['GET', key] as const));
      for (const part of found) {
        if (!Buffer.isBuffer(part)) return null;
        records.push(readable(() => decodeRecord(part)));
        bytes += part.length;
      }
    }
    return { records, bytes };
  }
}

function fieldsOf(flat: readonly Buffer[]): Map<string, Buffer> {
  const fields = new Map<string, Buffer>();
  for (let at = 0; at + 1 < flat.length; at += 2) fields.set(String(flat[at]), flat[at + 1] as Buffer);
  return fields;
}
