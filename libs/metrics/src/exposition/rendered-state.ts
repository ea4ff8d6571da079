import { promisify } from 'node:util';
import { constants, crc32, deflateRaw } from 'node:zlib';
import type { Dialect } from './dialect.js';

const deflate = promisify(deflateRaw);

/** A piece of a gzip body that more can follow: raw deflate, closed on a byte, and what the trailer needs. */
export interface DeflatedBody {
  readonly chunks: readonly Buffer[];
  /** CRC-32 and length of the plain text. */
  readonly crc: number;
  readonly length: number;
}

/** The fastest level: level 6 takes three times as long for a tenth less. */
export const COMPRESSION_LEVEL = 1;

/** One state as text, ready to be sent any number of times. Without what ends an answer: more families may follow. */
export class RenderedState {
  /** Bytes of the plain text. */
  readonly length: number;
  #deflated: Promise<DeflatedBody> | undefined;

  constructor(
    readonly version: number,
    readonly dialect: Dialect,
    readonly chunks: readonly Buffer[],
    /** How long rendering took, in seconds. */
    readonly seconds: number,
  ) {
    this.length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  /** The text deflated, in the thread pool and once for all that ask. */
  deflated(): Promise<DeflatedBody> {
    this.#deflated ??= deflateOpen(this.chunks);
    return this.#deflated;
  }
}

/** What chunks were deflated to, for as long as they live: answers share those whose lines have not changed. */
const DEFLATED = new WeakMap<Buffer, Promise<Buffer>>();

/**
 * Deflates without the final block, so that another deflate stream can follow directly. Chunk by chunk: each ends on a
 * byte (full flush) and knows nothing of the one before, so that it fits behind any other.
 */
async function deflateOpen(chunks: readonly Buffer[]): Promise<DeflatedBody> {
  const deflated: Buffer[] = [];
  let crc = 0;
  let length = 0;
  for (const chunk of chunks) {
    crc = crc32(chunk, crc);
    length += chunk.length;
    deflated.push(await deflatedChunk(chunk));
  }
  return { chunks: deflated, crc, length };
}

function deflatedChunk(chunk: Buffer): Promise<Buffer> {
  let deflated = DEFLATED.get(chunk);
  if (deflated === undefined) {
    deflated = deflate(chunk, { level: COMPRESSION_LEVEL, finishFlush: constants.Z_FULL_FLUSH });
    DEFLATED.set(chunk, deflated);
  }
  return deflated;
}
