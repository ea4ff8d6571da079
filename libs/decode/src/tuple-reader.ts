import type { ColumnValue } from '@app/change';
import { type Pgoutput, PgoutputPlugin } from 'pg-logical-replication';
import { LONGEST_STRING } from './long-strings.js';
import { bytesOf, type MessageBytes } from './message-bytes.js';
import { numberIn, toNumber } from './numbers.js';
import { emptyRow, type MutableRow } from './old-key.js';
import { RepeatedTexts } from './repeated-texts.js';
import { Undecodable } from './undecodable.js';

/** The library's reader of a message's bytes, as far as a tuple needs it: the message, and where the reader stands in it. */
interface ByteReader {
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

/** A column that a tuple has a value of, with the texts that were read of it. */
interface DescribedColumn extends Pgoutput.RelationColumn {
  texts?: RepeatedTexts;
}

const TEXT = 0x74;
const NULL = 0x6e;
const UNCHANGED = 0x75;

/** TupleData (PostgreSQL manual, "Logical Replication Message Formats"). */
function readTuple(reader: ByteReader, { columns }: Pgoutput.MessageRelation, old?: MutableRow): MutableRow {
  const message = bytesOf(reader._b);
  const { view } = message;
  let at = reader._p + 2;
  const row = emptyRow();
  for (let index = 0, count = view.getInt16(at - 2); index < count; index += 1) {
    const column = columns[index];
    if (column === undefined) throw new Undecodable('more columns than described');
    const kind = view.getUint8(at);
    at += 1;
    if (kind === TEXT) {
      const from = at + 4;
      at = from + view.getUint32(at);
      if (at > view.byteLength) throw new Undecodable('a value that goes beyond its message');
      if (at - from <= LONGEST_STRING) row[column.name] = readText(column, message, from, at);
    } else if (kind === NULL) {
      row[column.name] = null;
    } else if (kind !== UNCHANGED) {
      throw new Undecodable('a column of unknown form');
    } else if (old?.[column.name] !== undefined) {
      // Known from the old row of FULL identity.
      row[column.name] = old[column.name];
    }
  }
  reader._p = at;
  return row;
}

/** The value that a text stands for; most texts of a column have been there before. */
function readText(column: DescribedColumn, { buffer, view }: MessageBytes, from: number, to: number): ColumnValue {
  if (column.parser === toNumber) return numberIn(buffer, from, to);
  column.texts ??= new RepeatedTexts();
  let text = column.texts.find(view, from, to);
  if (text === undefined) {
    text = buffer.toString('utf8', from, to);
    column.texts.remember(view, from, to, text);
  }
  return column.parser(text);
}
