import { type PairValue, SERIES_KINDS, type SeriesKind } from '@app/aggregates';
import { ByteReader, ByteWriter } from './bytes.js';
import { readSums, writeSums } from './sums.js';

const SECOND = 1_000;
const scratch = new ByteWriter();

/** The value of one pair for a hash of the base: rows and sums, without id and bucket, which its place tells. */
export function encodePair(pair: PairValue): Buffer {
  scratch.clear();
  scratch.varint(pair[2] as number);
  writeSums(scratch, pair, 3);
  return scratch.copy();
}

/** Reads what {@link encodePair} wrote. */
export function decodePair(kind: SeriesKind, id: number, bucket: number, value: Buffer): PairValue {
  const reader = new ByteReader(value);
  const pair = [id, bucket, reader.varint()];
  readSums(reader, SERIES_KINDS[kind].sums.length, pair);
  return pair;
}

/**
 * All pairs of one kind as one block, bucket by bucket: bucket start in seconds (buckets are whole seconds), number of
 * pairs, and for each its id and value.
 */
export function encodePairs(pairs: readonly PairValue[]): Buffer {
  const writer = new ByteWriter();
  for (const [bucket, ofBucket] of byBucket(pairs)) {
    writer.varint(bucket / SECOND);
    writer.varint(ofBucket.length);
    for (const pair of ofBucket) {
      writer.varint(pair[0] as number);
      writer.varint(pair[2] as number);
      writeSums(writer, pair, 3);
    }
  }
  return writer.copy();
}

/** Reads what {@link encodePairs} wrote. */
export function decodePairs(kind: SeriesKind, block: Buffer): PairValue[] {
  const sums = SERIES_KINDS[kind].sums.length;
  const reader = new ByteReader(block);
  const pairs: PairValue[] = [];
  while (!reader.done) {
    const bucket = reader.varint() * SECOND;
    for (let left = reader.varint(); left > 0; left--) {
      const pair = [reader.varint(), bucket, reader.varint()];
      readSums(reader, sums, pair);
      pairs.push(pair);
    }
  }
  return pairs;
}

function byBucket(pairs: readonly PairValue[]): Map<number, PairValue[]> {
  const buckets = new Map<number, PairValue[]>();
  for (const pair of pairs) {
    const bucket = pair[1] as number;
    const ofBucket = buckets.get(bucket);
    if (ofBucket === undefined) buckets.set(bucket, [pair]);
    else ofBucket.push(pair);
  }
  return buckets;
}
