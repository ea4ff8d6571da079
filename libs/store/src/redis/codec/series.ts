import { SERIES_KINDS, type SeriesDefinition, type SeriesKind } from '@app/aggregates';
import { ByteReader, ByteWriter } from './bytes.js';

/**
 * Kinds by the number that stands for them in stored definitions: new ones at the end, none ever moved or removed
 * without a new format version.
 */
const KINDS = Object.keys(SERIES_KINDS) as SeriesKind[];

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const TOKEN = /^[0-9a-f]{64}$/;

const TEXT = 0;
const UUID_BYTES = 1;
const TOKEN_BYTES = 2;

/**
 * A series' name for the dictionary: the number of its kind, then the parts of its key. LiteLLM's ids are mostly UUIDs
 * and its keys SHA-256 sums: written as bytes they take half, and stay below the 64 bytes up to which Redis packs a
 * hash tightly.
 */
export function encodeSeries({ kind, key }: Pick<SeriesDefinition, 'kind' | 'key'>): Buffer {
  const writer = new ByteWriter();
  writer.byte(KINDS.indexOf(kind));
  for (const part of key) {
    if (UUID.test(part)) writeHex(writer, UUID_BYTES, part.replaceAll('-', ''));
    else if (TOKEN.test(part)) writeHex(writer, TOKEN_BYTES, part);
    else writeText(writer, part);
  }
  return writer.copy();
}

/** Reads what {@link encodeSeries} wrote. @throws Error for a kind that this version doesn't know. */
export function decodeSeries(id: number, value: Buffer): SeriesDefinition {
  const reader = new ByteReader(value);
  const number = reader.byte();
  const kind = KINDS[number];
  if (kind === undefined) throw new RangeError(`series ${id} has the unknown kind ${number}`);
  const key: string[] = [];
  while (!reader.done) key.push(readPart(reader));
  return { id, kind, key };
}

function writeHex(writer: ByteWriter, form: number, hex: string): void {
  writer.varint(form);
  writer.bytes(Buffer.from(hex, 'hex'));
}

/** The form and the length share one number, so that a short text costs one byte more than itself. */
function writeText(writer: ByteWriter, text: string): void {
  const bytes = Buffer.from(text, 'utf8');
  writer.varint(bytes.length * 3 + TEXT);
  writer.bytes(bytes);
}

function readPart(reader: ByteReader): string {
  const head = reader.varint();
  switch (head % 3) {
    case UUID_BYTES: {
      const hex = reader.bytes(16).toString('hex');
      return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
    }
    case TOKEN_BYTES:
      return reader.bytes(32).toString('hex');
    default:
      return reader.bytes(head / 3).toString('utf8');
  }
}
