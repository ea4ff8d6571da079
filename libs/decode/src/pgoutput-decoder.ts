import { type Change, type ColumnValue, type Lsn, parseLsn, type Relation } from '@app/change';
import type { Pgoutput } from 'pg-logical-replication';
import { ChangeDecoder } from './change-decoder.js';
import { fromMicroseconds } from './commit-time.js';
import { toNumber } from './numbers.js';
import { type MutableRow, replacedKey } from './old-key.js';
import { createPgoutputPlugin } from './tuple-reader.js';
import { rejection, Undecodable } from './undecodable.js';

/**
 * Reads pgoutput's protocol version 1 with the library's parser, whose values are made to follow `ColumnValue`: each
 * description of a table has the parsers of its columns replaced as it goes by.
 */
export class PgoutputDecoder extends ChangeDecoder {
  readonly #plugin = createPgoutputPlugin();
  readonly #relations = new WeakMap<Pgoutput.MessageRelation, Relation>();

  override decode(message: Buffer): Change | null {
    try {
      return this.#change(this.#plugin.parse(message));
    } catch (error) {
      return rejection('pgoutput', message, fromParser(error));
    }
  }

  #change(message: Pgoutput.Message): Change | null {
    switch (message.tag) {
      case 'insert':
        return { kind: 'insert', relation: this.#relation(message.relation), row: message.new };
      case 'update':
        return this.#update(message);
      case 'delete':
        return { kind: 'delete', relation: this.#relation(message.relation), key: identityOf(message) };
      case 'begin':
        return { kind: 'begin', commitLsn: lsn(message.commitLsn), commitTime: commitTime(message.commitTime) };
      case 'commit':
        return {
          kind: 'commit',
          commitLsn: lsn(message.commitLsn),
          endLsn: lsn(message.commitEndLsn),
          commitTime: commitTime(message.commitTime),
        };
      case 'truncate':
        return { kind: 'truncate', relations: message.relations.map((relation) => this.#relation(relation)) };
      case 'message':
        return logicalMessage(message);
      case 'relation':
        for (const column of message.columns) column.parser = parserOf(column.typeOid);
        return null;
      case 'type':
      case 'origin':
        return null;
    }
  }

  #update(message: Pgoutput.MessageUpdate): Change {
    const row: MutableRow = message.new;
    const identity = message.key === null && message.old === null ? null : identityOf(message);
    const oldKey = identity === null ? null : replacedKey(identity, row);
    return { kind: 'update', relation: this.#relation(message.relation), row, oldKey };
  }

  #relation(described: Pgoutput.MessageRelation | undefined): Relation {
    if (described === undefined) throw new Undecodable('a table that was not described');
    let relation = this.#relations.get(described);
    if (relation === undefined) {
      relation = { schema: described.schema, table: described.name };
      this.#relations.set(described, relation);
    }
    return relation;
  }
}

/** The parser's own complaints name the form, never the content; anything else keeps to its name. */
function fromParser(error: unknown): unknown {
  const own = error instanceof Error && error.constructor === Error;
  return own ? new Undecodable(error.message) : error;
}

function identityOf(message: { readonly key: MutableRow | null; readonly old: MutableRow | null }): MutableRow {
  if (message.old !== null) return message.old;
  if (message.key === null) throw new Undecodable('no identity');
  // The parser names key columns that were not sent with the value undefined; they have to be absent.
  for (const name in message.key) {
    if (message.key[name] === undefined) delete message.key[name];
  }
  return message.key;
}

function logicalMessage(message: Pgoutput.MessageMessage): Change {
  return {
    kind: 'message',
    prefix: message.prefix,
    content: Buffer.from(message.content.buffer, message.content.byteOffset, message.content.length).toString('utf8'),
    transactional: message.transactional,
    lsn: lsn(message.messageLsn),
  };
}

function lsn(text: string | null): Lsn {
  if (text === null) throw new Undecodable('no position');
  return parseLsn(text);
}

function commitTime(microseconds: unknown): number {
  return fromMicroseconds(Number(microseconds));
}

/** Types by oid (PostgreSQL's pg_type.dat) that are not left in their text form. */
const PARSERS: ReadonlyMap<number, (text: string) => ColumnValue> = new Map<number, (text: string) => ColumnValue>([
  [16, (text) => text === 't'], // bool
  [17, (text) => (text.startsWith('\\x') ? text.slice(2) : text)], // bytea: wal2json leaves the \x out
  [20, toNumber], // int8
  [21, toNumber], // int2
  [23, toNumber], // int4
  [26, toNumber], // oid: a number to wal2json too
  [700, toNumber], // float4
  [701, toNumber], // float8
  [1700, toNumber], // numeric
]);

function parserOf(typeOid: number): (text: string) => ColumnValue {
  return PARSERS.get(typeOid) ?? asText;
}

function asText(text: string): string {
  return text;
}
