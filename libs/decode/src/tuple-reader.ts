import { type Pgoutput, PgoutputPlugin } from 'pg-logical-replication';
import { LONGEST_STRING } from './long-strings.js';
import type { MutableRow } from './old-key.js';
import { Undecodable } from './undecodable.js';

/** The library's reader of a message's bytes, as far as a tuple needs it. */
interface ByteReader {
  readUint8(): number;
  readInt16(): number;
  readInt32(): number;
  checkSize(length: number): void;
  /** The message, and where the reader stands in it. */
  readonly _b: Buffer;
  _p: number;
}

/** What of the library is private and replaced here; the decoders' contract fails when it changes. */
interface PluginInternals {
  readonly parser: {
    readTuple(reader: ByteReader, relation: Pgoutput.MessageRelation, old?: MutableRow): MutableRow;
  };
}

/**
 * The library's plugin with another reader of tuples. Its own drops a byte order mark that a text begins with
 * (TextDecoder does), and names an unchanged TOAST column with the value undefined instead of leaving it out.
 */
export function createPgoutputPlugin(): PgoutputPlugin {
  const plugin = new PgoutputPlugin({ protoVersion: 1, publicationNames: [] });
  (plugin as unknown as PluginInternals).parser.readTuple = readTuple;
  return plugin;
}

/** TupleData (PostgreSQL manual, "Logical Replication Message Formats"). */
function readTuple(reader: ByteReader, { columns }: Pgoutput.MessageRelation, old?: MutableRow): MutableRow {
  const count = reader.readInt16();
  const row: MutableRow = Object.create(null);
  for (let index = 0; index < count; index += 1) {
    const column = columns[index];
    if (column === undefined) throw new Undecodable('more columns than described');
    const kind = reader.readUint8();
    if (kind === 0x74) {
      const text = readText(reader, reader.readInt32());
      if (text !== null) row[column.name] = column.parser(text);
    } else if (kind === 0x6e) {
      row[column.name] = null;
    } else if (kind !== 0x75) {
      throw new Undecodable('a column of unknown form');
    } else if (old?.[column.name] !== undefined) {
      // Unchanged TOAST, known from the old row of FULL identity.
      row[column.name] = old[column.name];
    }
  }
  return row;
}

/**
 * Null for a text that is too long to count as sent. Without the view of its bytes that the library's `read` makes: two dozen a row.
 */
function readText(reader: ByteReader, length: number): string | null {
  reader.checkSize(length);
  const from = reader._p;
  reader._p = from + length;
  return length > LONGEST_STRING ? null : reader._b.toString('utf8', from, reader._p);
}
