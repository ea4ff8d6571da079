import type { TransformOptions } from 'node:stream';
import { constants, crc32, createDeflateRaw, type ZlibOptions } from 'node:zlib';

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

const DEFLATE_OPTIONS: ZlibOptions & Pick<TransformOptions, 'readableHighWaterMark'> = {
  level: COMPRESSION_LEVEL,
  windowBits: WINDOW_BITS,
  flush: constants.Z_FULL_FLUSH,
  // Nothing is read before a piece is done: it must not wait for room.
  readableHighWaterMark: Number.MAX_SAFE_INTEGER,
};

/** Chunks are deflated together up to so many bytes: each call into the thread pool costs as much as 10 kB of deflating. */
const TOGETHER = 131_072;

/** Chunks that were deflated together. */
interface Piece {
  readonly chunks: readonly Buffer[];
  readonly deflated: Promise<Buffer>;
}

/** Pieces by their first chunk, for as long as that lives: answers share those whose lines have not changed. */
const PIECES = new WeakMap<Buffer, Piece>();

/** Chunks that were part of a piece at some time. */
const KNOWN = new WeakSet<Buffer>();

/** Deflates without the final block, so that another deflate stream can follow directly. */
export async function deflateOpen(chunks: readonly Buffer[]): Promise<DeflatedBody> {
  const deflated: Buffer[] = [];
  let crc = 0;
  let length = 0;
  const deflater = new PieceDeflater();
  try {
    for (let at = 0; at < chunks.length; ) {
      const piece = intactPiece(chunks, at) ?? newPiece(chunks.slice(at, endOfPiece(chunks, at)), deflater);
      for (const chunk of piece.chunks) {
        crc = crc32(chunk, crc);
        length += chunk.length;
      }
      deflated.push(await piece.deflated);
      at += piece.chunks.length;
    }
  } finally {
    deflater.close();
  }
  return { chunks: deflated, crc, length };
}

function intactPiece(chunks: readonly Buffer[], from: number): Piece | undefined {
  const piece = PIECES.get(chunks[from] as Buffer);
  return piece?.chunks.every((chunk, at) => chunk === chunks[from + at]) ? piece : undefined;
}

/** Together go chunks that are all new, or all left over from pieces that are not whole any more: what stays finds its like. */
function endOfPiece(chunks: readonly Buffer[], from: number): number {
  const first = chunks[from] as Buffer;
  let length = first.length;
  let at = from + 1;
  for (; at < chunks.length; at++) {
    const chunk = chunks[at] as Buffer;
    length += chunk.length;
    if (length > TOGETHER || KNOWN.has(chunk) !== KNOWN.has(first) || intactPiece(chunks, at) !== undefined) break;
  }
  return at;
}

function newPiece(chunks: readonly Buffer[], deflater: PieceDeflater): Piece {
  const piece = { chunks, deflated: deflater.deflate(chunks) };
  PIECES.set(chunks[0] as Buffer, piece);
  for (const chunk of chunks) KNOWN.add(chunk);
  return piece;
}

/**
 * Deflates piece by piece in the thread pool: each ends on a byte (full flush) and knows nothing of the one before, so
 * that it fits behind any other. One stream for all of them, because each would take 100 kB outside of the heap, which
 * makes V8 collect garbage all the time.
 */
class PieceDeflater {
  readonly #stream = createDeflateRaw(DEFLATE_OPTIONS);
  #joined: Buffer | null = null;

  /** One piece at a time. */
  deflate(chunks: readonly Buffer[]): Promise<Buffer> {
    const stream = this.#stream;
    const bytes = this.#join(chunks);
    return new Promise((resolve, reject) => {
      stream.write(bytes, (error) => {
        if (error) reject(error);
        else resolve((stream.read() as Buffer | null) ?? Buffer.alloc(0));
      });
    });
  }

  close(): void {
    this.#stream.close();
  }

  /** Chunks side by side, in memory that the next piece takes. */
  #join(chunks: readonly Buffer[]): Buffer {
    if (chunks.length === 1) return chunks[0] as Buffer;
    this.#joined ??= Buffer.allocUnsafeSlow(TOGETHER);
    let length = 0;
    for (const chunk of chunks) length += chunk.copy(this.#joined, length);
    return this.#joined.subarray(0, length);
  }
}
