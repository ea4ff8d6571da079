import type { TransformOptions } from 'node:stream';
import { constants, crc32, createDeflateRaw, type ZlibOptions } from 'node:zlib';
import type { Dialect } from './dialect.js';

/** A piece of a gzip body that more can follow: raw deflate, closed on a byte, and what the trailer needs. */
export interface DeflatedBody {
  readonly chunks: readonly Buffer[];
  /** CRC-32 and length of the plain text. */
  readonly crc: number;
  readonly length: number;
}

/** The fastest level: level 6 takes three times as long for a tenth less. */
export const COMPRESSION_LEVEL = 1;

/** Lines repeat those just above them: a window of 8 kB finds as much as one of 32. */
const WINDOW_BITS = 13;

/** Chunks of text, which stay as they are until they are given back. */
export interface WrittenText {
  readonly chunks: readonly Buffer[];
  giveBack(): void;
}

/** One state as text, ready to be sent any number of times. Without what ends an answer: more families may follow. */
export class RenderedState {
  /** Bytes of the plain text. */
  readonly length: number;
  #deflated: Promise<DeflatedBody> | undefined;

  constructor(
    readonly version: number,
    readonly dialect: Dialect,
    private readonly text: WrittenText,
    /** How long rendering took, in seconds. */
    readonly seconds: number,
  ) {
    this.length = text.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  get chunks(): readonly Buffer[] {
    return this.text.chunks;
  }

  /** Gives the memory of the text to later ones; for the end, when nobody sends or deflates it any more. */
  discard(): void {
    this.text.giveBack();
  }

  /** The text deflated, in the thread pool and once for all that ask. */
  deflated(): Promise<DeflatedBody> {
    this.#deflated ??= deflateOpen(this.chunks);
    return this.#deflated;
  }
}

const DEFLATE_OPTIONS: ZlibOptions & Pick<TransformOptions, 'readableHighWaterMark'> = {
  level: COMPRESSION_LEVEL,
  windowBits: WINDOW_BITS,
  flush: constants.Z_FULL_FLUSH,
  // Nothing is read before a chunk is done: it must not wait for room.
  readableHighWaterMark: Number.MAX_SAFE_INTEGER,
};

/** What chunks were deflated to, for as long as they live: answers share those whose lines have not changed. */
const DEFLATED = new WeakMap<Buffer, Promise<Buffer>>();

/** Deflates without the final block, so that another deflate stream can follow directly. */
async function deflateOpen(chunks: readonly Buffer[]): Promise<DeflatedBody> {
  const deflated: Buffer[] = [];
  let crc = 0;
  let length = 0;
  const deflater = new ChunkDeflater();
  try {
    for (const chunk of chunks) {
      crc = crc32(chunk, crc);
      length += chunk.length;
      let piece = DEFLATED.get(chunk);
      if (piece === undefined) {
        piece = deflater.deflate(chunk);
        DEFLATED.set(chunk, piece);
      }
      deflated.push(await piece);
    }
  } finally {
    deflater.close();
  }
  return { chunks: deflated, crc, length };
}

/**
 * Deflates chunk by chunk in the thread pool: each ends on a byte (full flush) and knows nothing of the one before, so
 * that it fits behind any other. One stream for all of them, because each would take 100 kB outside of the heap, which
 * makes V8 collect garbage all the time.
 */
class ChunkDeflater {
  readonly #stream = createDeflateRaw(DEFLATE_OPTIONS);

  /** One chunk at a time. */
  deflate(chunk: Buffer): Promise<Buffer> {
    const stream = this.#stream;
    return new Promise((resolve, reject) => {
      stream.write(chunk, (error) => {
        if (error) reject(error);
        else resolve((stream.read() as Buffer | null) ?? Buffer.alloc(0));
      });
    });
  }

  close(): void {
    this.#stream.close();
  }
}
