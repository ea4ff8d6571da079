import { type Change, type Lsn, parseLsn, type Relation } from '@app/change';
import { ChangeDecoder } from './change-decoder.js';
import { parseCommitTime } from './commit-time.js';
import { InsertReader } from './insert-reader.js';
import { LONGEST_STRING, withoutLongStrings } from './long-strings.js';
import { bytesOf, type MessageBytes, pattern, startsWith } from './message-bytes.js';
import { emptyRow, type MutableRow, replacedKey } from './old-key.js';
import { everyRelation, type RelationResolver, type ResolvedRelation } from './relation-names.js';
import { rejection, Undecodable } from './undecodable.js';

/** A message of format version 2 after JSON.parse; nothing is certain about it before it was looked at. */
interface Wal2JsonMessage {
  readonly action?: unknown;
  readonly timestamp?: unknown;
  readonly lsn?: unknown;
  readonly nextlsn?: unknown;
  readonly schema?: unknown;
  readonly table?: unknown;
  readonly columns?: unknown;
  readonly identity?: unknown;
  readonly transactional?: unknown;
  readonly prefix?: unknown;
  readonly content?: unknown;
}

/**
 * Reads wal2json's format version 2 with include-lsn, include-timestamp and include-transaction, without types and
 * typmods.
 */
export class Wal2JsonDecoder extends ChangeDecoder {
  readonly #resolve: RelationResolver;
  readonly #relations = new Map<string, Map<string, ResolvedRelation | null>>();
  /** Tables of which only some columns are wanted, by how their inserts name them. */
  readonly #inserts = new Map<string, KnownInsert>();
  #lastInsert: KnownInsert | null = null;
  /** Where the last insert has named its schema. */
  #targetAt = 0;

  /** `resolve` says which names are wanted and which are partitions; every table by its own name where it is left out. */
  constructor(resolve: RelationResolver = everyRelation) {
    super();
    this.#resolve = resolve;
  }

  override decode(message: Buffer): Change | null {
    try {
      const insert = this.#readInsert(message);
      if (insert !== null) return insert;
      // Invalid UTF-8 becomes U+FFFD here: a damaged text is worth more than a lost row.
      const text = message.length > LONGEST_STRING ? withoutLongStrings(message, LONGEST_STRING) : message;
      const parsed: unknown = JSON.parse(text.toString('utf8'));
      if (typeof parsed !== 'object' || parsed === null) throw new Undecodable('not a JSON object');
      return this.#change(parsed, message);
    } catch (error) {
      return rejection('wal2json', message, error);
    }
  }

  /** An insert of which only some columns are wanted; null where the message has to be parsed as a whole. */
  #readInsert(message: Buffer): Change | null {
    if (message[ACTION] !== INSERT || this.#inserts.size === 0 || message.length > LONGEST_STRING) return null;
    const bytes = bytesOf(message);
    const at = targetOf(bytes, this.#targetAt);
    const known = this.#knownInsert(bytes, at);
    if (known === undefined) return null;
    this.#targetAt = at;
    const row = known.reader.read(bytes, at + known.target.byteLength);
    return row === null ? null : { kind: 'insert', relation: known.relation, row };
  }

  #knownInsert({ buffer, view }: MessageBytes, at: number): KnownInsert | undefined {
    const last = this.#lastInsert;
    if (last !== null && startsWith(view, at, last.target)) return last;
    const known = this.#inserts.get(targetText(buffer, at));
    if (known !== undefined) this.#lastInsert = known;
    return known;
  }

  #change(message: Wal2JsonMessage, bytes: Buffer): Change | null {
    switch (message.action) {
      case 'I':
        return this.#insert(message, bytes);
      case 'U':
        return this.#update(message);
      case 'D':
        return this.#delete(message);
      case 'B':
        return { kind: 'begin', commitLsn: lsn(message.lsn), commitTime: parseCommitTime(message.timestamp) };
      case 'C':
        return {
          kind: 'commit',
          commitLsn: lsn(message.lsn),
          endLsn: lsn(message.nextlsn),
          commitTime: parseCommitTime(message.timestamp),
        };
      case 'T':
        return this.#truncate(message);
      case 'M':
        return logicalMessage(message);
      default:
        throw new Undecodable('unknown action');
    }
  }

  #insert(message: Wal2JsonMessage, bytes: Buffer): Change | null {
    const found = this.#lookUp(message);
    if (found === null) return null;
    const { relation, columns } = found;
    const row = readRow(message.columns);
    if (columns === undefined) return { kind: 'insert', relation, row };
    const target = targetText(bytes, bytes.indexOf(TARGET));
    const reader = this.#inserts.get(target)?.reader ?? new InsertReader(columns);
    if (target !== '') this.#inserts.set(target, { target: pattern(target), relation, reader });
    return { kind: 'insert', relation, row: reader.learn(row) };
  }

  #update(message: Wal2JsonMessage): Change | null {
    const relation = this.#relation(message);
    if (relation === null) return null;
    const row = readRow(message.columns);
    const identity = message.identity === undefined ? emptyRow() : readRow(message.identity);
    // Under FULL identity the old row knows what an unchanged TOAST column holds; pgoutput's parser fills it in too.
    for (const name in identity) {
      if (row[name] === undefined) row[name] = identity[name];
    }
    return { kind: 'update', relation, row, oldKey: replacedKey(identity, row) };
  }

  #delete(message: Wal2JsonMessage): Change | null {
    const relation = this.#relation(message);
    return relation === null ? null : { kind: 'delete', relation, key: readRow(message.identity) };
  }

  #truncate(message: Wal2JsonMessage): Change | null {
    const found = this.#lookUp(message);
    // The parent of a truncated partition still has its other rows; pgoutput says nothing of it either.
    if (found === null || found.isPartition) return null;
    return { kind: 'truncate', relations: [found.relation] };
  }

  #relation(message: Wal2JsonMessage): Relation | null {
    return this.#lookUp(message)?.relation ?? null;
  }

  #lookUp({ schema, table }: Wal2JsonMessage): ResolvedRelation | null {
    if (typeof schema !== 'string' || typeof table !== 'string') throw new Undecodable('no schema or table');
    let tables = this.#relations.get(schema);
    if (tables === undefined) {
      tables = new Map();
      this.#relations.set(schema, tables);
    }
    let found = tables.get(table);
    if (found === undefined) {
      found = this.#resolve(schema, table);
      tables.set(table, found);
    }
    return found;
  }
}

/** Where the action of a message stands, and what it is for an insert. */
const ACTION = '{"action":"'.length;
const INSERT = 'I'.charCodeAt(0);

const TARGET = ',"schema":"';
const TARGET_BYTES = pattern(TARGET);
const COLUMNS = ',"columns":[';

/** A table of whose inserts only some columns are wanted. */
interface KnownInsert {
  /** The part of an insert's text from its schema to where its columns begin. */
  readonly target: DataView;
  readonly relation: Relation;
  readonly reader: InsertReader;
}

/** Where an insert names its schema: most often where the one before it did; -1 where it does not. */
function targetOf({ buffer, view }: MessageBytes, expected: number): number {
  return startsWith(view, expected, TARGET_BYTES) ? expected : buffer.indexOf(TARGET);
}

/** The {@link KnownInsert} target that begins there; '' where none does. */
function targetText(message: Buffer, at: number): string {
  const to = message.indexOf(COLUMNS, at);
  return at === -1 || to === -1 ? '' : message.toString('utf8', at, to + COLUMNS.length);
}

function logicalMessage(message: Wal2JsonMessage): Change {
  const { prefix, transactional } = message;
  const content = Array.isArray(message.content) ? '' : message.content;
  if (typeof prefix !== 'string' || typeof content !== 'string') throw new Undecodable('a message without content');
  return { kind: 'message', prefix, content, transactional: transactional === true, lsn: lsn(message.lsn) };
}

function lsn(text: unknown): Lsn {
  if (typeof text !== 'string') throw new Undecodable('no position');
  try {
    return parseLsn(text);
  } catch {
    throw new Undecodable('a position in an unknown form');
  }
}

function readRow(columns: unknown): MutableRow {
  if (!Array.isArray(columns)) throw new Undecodable('no columns');
  const row = emptyRow();
  for (const column of columns) readColumn(row, column);
  return row;
}

function readColumn(row: MutableRow, column: { readonly name?: unknown; readonly value?: unknown } | null): void {
  const name = column?.name;
  const value = column?.value;
  if (typeof name !== 'string') throw new Undecodable('a column without name');
  // Cut out because of its length.
  if (Array.isArray(value)) return;
  switch (typeof value) {
    case 'string':
    case 'boolean':
      row[name] = value;
      return;
    case 'number':
      // A numeric beyond the range of doubles is printed in full, and JSON.parse makes it Infinity.
      row[name] = Number.isFinite(value) ? value : null;
      return;
    default:
      if (value !== null) throw new Undecodable('a column value of no known type');
      row[name] = null;
  }
}
