import { promisify } from 'node:util';
import { crc32, deflateRaw } from 'node:zlib';
import { COMPRESSION_LEVEL, type DeflatedBody } from './deflate-open.js';

const deflate = promisify(deflateRaw);

/** RFC 1952: magic, deflate, no flags, no time, fastest, unknown system. */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255]);

/**
 * One gzip member made of a body that is deflated already and a tail that changes with each answer: the large part is
 * compressed once for all scrapers. (Two members behind each other would be valid too, but not every client reads on.)
 */
export async function gzipMember(body: DeflatedBody | null, tail: Buffer): Promise<readonly Buffer[]> {
  const deflatedTail = await deflate(tail, { level: COMPRESSION_LEVEL });
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(tail, body?.crc ?? 0), 0);
  trailer.writeUInt32LE(((body?.length ?? 0) + tail.length) % 2 ** 32, 4);
  return [HEADER, ...(body?.chunks ?? []), deflatedTail, trailer];
}
