import {
  type AggregateSettings,
  edgeOf,
  emptyRecord,
  type PairValue,
  type SeriesDefinition,
  type SeriesKind,
  type StateRecord,
  type WindowName,
  windowSpecs,
} from '@app/aggregates';
import type { WindowEdges } from './base-index.js';
import { MEMBERS, type MemberContent, memberContent } from './base-layout.js';
import { decodeSingles, decodeValues } from './base-values.js';
import { decodePair } from './codec/pairs.js';
import { decodeSeries } from './codec/series.js';
import type { StoreKeys } from './keys.js';
import { type CurrentState, readable, UnreadableState } from './meta.js';
import type { RedisConnection } from './redis-connection.js';
import { listOf, pairsOf } from './replies.js';

/** Hashes asked for at once: at most some milliseconds of Redis' time. */
const HASHES = 48;
/** Members that never run empty: each seed counts itself, and sets figures. Tables of entities, tokens and names of series may. */
const LASTING: readonly string[] = [MEMBERS.single, MEMBERS.counters, MEMBERS.histograms];
/** Fields of a large hash, or members of the index, asked for at once. */
const FIELDS = '500';

/** Which base is read, and what its version is. */
export type BaseOrigin = Pick<CurrentState, 'generation' | 'base' | 'baseClock'> & {
  readonly settings: AggregateSettings;
};

type PairsPlace = Extract<MemberContent, { content: 'pairs' }>;

/** Hash fields as they arrive: name, value, name, value, … */
type Flat = readonly Buffer[];

/**
 * Reads the base of a generation as records of its base version. Others may be writing it meanwhile, so it may already
 * hold parts of later versions: it becomes one state by replaying the log over it.
 */
export class BaseReader {
  /** Series that pairs were found of, but no definition: dropped by a later version, or lost. */
  readonly unnamed = new Set<number>();
  /** Buckets that the index named but that were gone when they were read: expired meanwhile, or lost. */
  readonly missing: { readonly window: WindowName; readonly bucket: number }[] = [];
  readonly #connection: RedisConnection;
  readonly #keys: StoreKeys;
  readonly #generation: string;
  readonly #empty: StateRecord;
  readonly #edges: WindowEdges;
  readonly #kinds: SeriesKind[] = [];

  constructor(connection: RedisConnection, keys: StoreKeys, of: BaseOrigin) {
    this.#connection = connection;
    this.#keys = keys;
    this.#generation = of.generation;
    this.#empty = emptyRecord(of.base, of.baseClock);
    this.#edges = windowEdges(of.settings, of.baseClock);
  }

  /** Names of all members. */
  async members(): Promise<string[]> {
    return (await scan(this.#connection, 'SSCAN', this.#keys.index(this.#generation))).map(String);
  }

  /**
   * The base as records, definitions first.
   *
   * @throws UnreadableState when a value can't be decoded, or something has gone that has to be there.
   */
  async *records(members: readonly string[]): AsyncIterable<StateRecord> {
    const contents = new Map(members.map((member) => [member, readable(() => memberContent(member))]));
    const named = <C extends MemberContent['content']>(
      content: C,
    ): [string, Extract<MemberContent, { content: C }>][] =>
      [...contents].filter(([, found]) => found.content === content) as never;
    if (!contents.has(MEMBERS.single)) throw new UnreadableState('the list of its parts has gone');
    yield this.#empty;
    // Replaced tokens after entities: a row of a deprecated key says of its token what was true when it was written.
    for (const content of ['single', 'counters', 'histograms', 'entities', 'tokens'] as const) {
      for (const [member] of named(content)) yield* this.#values(content, member);
    }
    const definitions = named('definitions').sort(([, one], [, other]) => one.firstId - other.firstId);
    for await (const [of, hashes] of this.#batches(definitions)) {
      yield this.#definitions(
        of.map(([, { firstId }]) => firstId),
        hashes,
      );
    }
    const pairs = named('pairs').filter(([, { window, bucket }]) => bucket >= this.#edges[window]);
    for await (const [of, hashes] of this.#batches(pairs))
      yield this.#pairs(
        of.map(([, place]) => place),
        hashes,
      );
  }

  /** Reads hashes in batches; the next one is on its way while the last one is decoded. */
  async *#batches<T>(of: readonly (readonly [string, T])[]): AsyncIterable<[(readonly [string, T])[], Flat[]]> {
    const ask = (from: number): Promise<Flat[]> => {
      const asked = this.#hashes(of.slice(from, from + HASHES).map(([member]) => member));
      asked.catch(() => {});
      return asked;
    };
    let next = ask(0);
    for (let at = 0; at < of.length; at += HASHES) {
      const hashes = await next;
      next = ask(at + HASHES);
      yield [of.slice(at, at + HASHES), hashes];
    }
    await next;
  }

  async #hashes(members: readonly string[]): Promise<Flat[]> {
    const commands = members.map((member) => ['HGETALL', this.#keys.base(this.#generation, member)] as const);
    return (await this.#connection.pipeline(commands)).map((flat) => pairsOf(flat, 'HGETALL'));
  }

  async *#values(content: 'single' | 'counters' | 'histograms' | 'entities' | 'tokens', member: string) {
    const key = this.#keys.base(this.#generation, member);
    const flat = await scan(this.#connection, 'HSCAN', key);
    if (flat.length === 0 && LASTING.includes(member)) throw new UnreadableState(`its ${content} have gone`);
    const fields = entriesOf(flat);
    const found = readable(() => (content === 'single' ? decodeSingles(fields) : decodeValues(content, fields)));
    yield { ...this.#empty, ...found };
  }

  #definitions(firstIds: readonly number[], hashes: readonly Flat[]): StateRecord {
    const defined: SeriesDefinition[] = [];
    hashes.forEach((flat, at) => {
      for (const [field, value] of entriesOf(flat)) {
        const id = (firstIds[at] as number) + Number(field);
        const definition = readable(() => decodeSeries(id, value));
        this.#kinds[id] = definition.kind;
        defined.push(definition);
      }
    });
    // In the order in which they were given out: of two series with one key the later is the one in force.
    return { ...this.#empty, defined: defined.sort((one, other) => one.id - other.id) };
  }

  #pairs(places: readonly PairsPlace[], hashes: readonly Flat[]): StateRecord {
    const pairs: Partial<Record<SeriesKind, PairValue[]>> = {};
    hashes.forEach((flat, at) => {
      const { window, bucket, firstId } = places[at] as PairsPlace;
      if (flat.length === 0) this.missing.push({ window, bucket });
      for (const [field, value] of entriesOf(flat)) {
        const id = firstId + Number(field);
        const kind = this.#kinds[id];
        if (kind === undefined) this.unnamed.add(id);
        else {
          pairs[kind] ??= [];
          pairs[kind].push(readable(() => decodePair(kind, id, bucket, value)));
        }
      }
    });
    return { ...this.#empty, pairs };
  }
}

/** The edges of all windows at a time. */
export function windowEdges(settings: AggregateSettings, clock: number): WindowEdges {
  const specs = windowSpecs(settings);
  const edges = Object.entries(specs).map(([name, spec]) => [name, edgeOf(spec, clock)]);
  return Object.fromEntries(edges) as unknown as WindowEdges;
}

/** All members of a set, or all fields and values of a hash, in small pieces; some may come twice. */
export async function scan(connection: RedisConnection, command: 'SSCAN' | 'HSCAN', key: string): Promise<Buffer[]> {
  const found: Buffer[] = [];
  let cursor = '0';
  do {
    const [answer] = await connection.pipeline([[command, key, cursor, 'COUNT', FIELDS]]);
    const [next, values] = listOf(answer as [Buffer, Buffer[]], command, 2);
    for (const value of listOf(values as Buffer[], command)) found.push(value);
    cursor = String(next);
  } while (cursor !== '0');
  return found;
}

function* entriesOf(flat: Flat): Iterable<readonly [string, Buffer]> {
  for (let at = 0; at + 1 < flat.length; at += 2) yield [String(flat[at]), flat[at + 1] as Buffer];
}
