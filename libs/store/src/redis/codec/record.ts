import type { PairValue, SeriesKind, StateRecord } from '@app/aggregates';
import { Packr } from 'msgpackr';
import { decodePairs, encodePairs } from './pairs.js';

/** Plain MessagePack: no records, no extensions of its own, so that other languages and later versions can read it. */
export const PACKER = new Packr({ useRecords: false, moreTypes: false, variableMapSize: true });

/** The fields of a record in the order in which they are stored, pairs as blocks by kind. */
type StoredRecord = readonly [
  version: number,
  clock: number,
  defined: readonly (readonly [number, SeriesKind, ...string[]])[],
  pairs: Readonly<Record<string, Uint8Array>>,
  dropped: StateRecord['dropped'],
  counters: StateRecord['counters'],
  histograms: StateRecord['histograms'],
  ended: StateRecord['ended'],
  folded: StateRecord['folded'],
  entities: StateRecord['entities'],
  forgottenTokens: StateRecord['forgottenTokens'],
  replacedTokens: StateRecord['replacedTokens'],
  present: StateRecord['present'],
  figures: StateRecord['figures'],
];

/** One record for the log: a MessagePack array, pairs as binary blocks (a tenth of the size of numbers in MessagePack). */
export function encodeRecord(record: StateRecord): Buffer {
  const pairs: Record<string, Uint8Array> = {};
  for (const [kind, values] of Object.entries(record.pairs)) pairs[kind] = encodePairs(values);
  const stored: StoredRecord = [
    record.version,
    record.clock,
    record.defined.map(({ id, kind, key }) => [id, kind, ...key]),
    pairs,
    record.dropped,
    record.counters,
    record.histograms,
    record.ended,
    record.folded,
    record.entities,
    record.forgottenTokens,
    record.replacedTokens,
    record.present,
    record.figures,
  ];
  return PACKER.pack(stored);
}

/** Reads what {@link encodeRecord} wrote. @throws Error for bytes that it can't have written. */
export function decodeRecord(bytes: Buffer): StateRecord {
  const stored: unknown = PACKER.unpack(bytes);
  if (!Array.isArray(stored) || stored.length !== 14) throw new RangeError('a log entry does not hold a record');
  const [
    version,
    clock,
    defined,
    blocks,
    dropped,
    counters,
    histograms,
    ended,
    folded,
    entities,
    forgottenTokens,
    replacedTokens,
    present,
    figures,
  ] = stored as unknown as StoredRecord;
  const pairs: Partial<Record<SeriesKind, PairValue[]>> = {};
  for (const [kind, block] of Object.entries(blocks)) {
    pairs[kind as SeriesKind] = decodePairs(kind as SeriesKind, asBuffer(block));
  }
  return {
    version,
    clock,
    defined: defined.map(([id, kind, ...key]) => ({ id, kind, key })),
    pairs,
    dropped,
    counters,
    histograms,
    ended,
    folded,
    entities,
    forgottenTokens,
    replacedTokens,
    present,
    figures,
  };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
