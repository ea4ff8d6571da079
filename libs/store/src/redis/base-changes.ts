import { type EntityOperation, entityKey, type PairValue, type SeriesKind, type StateRecord } from '@app/aggregates';
import { definitionPlace, entityMember, MEMBERS, pairPlace } from './base-layout.js';
import { ByteWriter } from './codec/bytes.js';
import { encodePair } from './codec/pairs.js';
import { PACKER } from './codec/record.js';
import { encodeSeries } from './codec/series.js';
import { writeSums } from './codec/sums.js';

/** Fields of one hash with their new values; null deletes one. */
export type FieldValues = Map<string, Buffer | null>;

/** What records change in a base: the last value of everything they touch, whatever their number. */
export class BaseChanges {
  /** Members to be emptied before their fields are written. */
  readonly cleared = new Set<string>();
  readonly fields = new Map<string, FieldValues>();
  #lastId = 0;
  #size = 0;

  /** How many fields it has, those of members that are deleted included. */
  get size(): number {
    return this.#size;
  }

  /** Takes a record in; records are added in the order of their versions. */
  add(record: StateRecord): void {
    for (const definition of record.defined) {
      this.#set(definitionPlace(definition.id), encodeSeries(definition));
      this.#lastId = Math.max(this.#lastId, definition.id);
    }
    if (this.#lastId > 0) this.#set([MEMBERS.single, 'last_id'], PACKER.pack(this.#lastId));
    for (const [kind, pairs] of Object.entries(record.pairs)) this.#addPairs(kind as SeriesKind, pairs);
    for (const id of record.dropped) this.#set(definitionPlace(id), null);
    this.#addCounters(record);
    for (const operation of record.entities) this.#addEntity(operation);
    for (const token of record.forgottenTokens) this.#set([MEMBERS.tokens, token], null);
    for (const [old, current, since] of record.replacedTokens) {
      this.#set([MEMBERS.tokens, old], PACKER.pack([current, since]));
    }
    this.#addSingles('figure', record.figures);
    this.#addSingles('present', record.present);
    this.#addSingles('folded', record.folded);
  }

  /** Forgets what was to be written into a member, which is deleted instead. */
  remove(member: string): void {
    this.fields.delete(member);
    this.cleared.add(member);
  }

  #addPairs(kind: SeriesKind, pairs: readonly PairValue[]): void {
    for (const pair of pairs) this.#set(pairPlace(kind, pair[0] as number, pair[1] as number), encodePair(pair));
  }

  #addCounters(record: StateRecord): void {
    for (const { kind, labels, value } of record.counters) {
      const writer = new ByteWriter();
      writeSums(writer, value, 0);
      this.#set([MEMBERS.counters, JSON.stringify([kind, ...labels])], writer.copy());
    }
    for (const { kind, labels, buckets, sum } of record.histograms) {
      this.#set([MEMBERS.histograms, JSON.stringify([kind, ...labels])], PACKER.pack([buckets, sum]));
    }
    for (const { kind, labels } of record.ended) {
      this.#set([MEMBERS.counters, JSON.stringify([kind, ...labels])], null);
    }
  }

  #addEntity(operation: EntityOperation): void {
    switch (operation.op) {
      case 'put': {
        const { entity } = operation;
        this.#set([entityMember(entity.table), entityKey(entity)], PACKER.pack(entity));
        return;
      }
      case 'delete':
        this.#set([entityMember(operation.table), operation.key], null);
        return;
      case 'clear':
        this.remove(entityMember(operation.table));
        return;
    }
  }

  #addSingles(group: string, values: Readonly<Record<string, unknown>>): void {
    for (const [name, value] of Object.entries(values))
      this.#set([MEMBERS.single, `${group}:${name}`], PACKER.pack(value));
  }

  #set([member, field]: readonly [string, string], value: Buffer | null): void {
    let fields = this.fields.get(member);
    if (fields === undefined) {
      fields = new Map();
      this.fields.set(member, fields);
    }
    if (!fields.has(field)) this.#size += 1;
    fields.set(field, value);
  }
}
