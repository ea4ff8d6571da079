import { constants, crc32, inflateRawSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { deflateOpen } from './deflate-open.js';

function inflated(pieces: readonly Buffer[]): Buffer {
  return inflateRawSync(Buffer.concat(pieces), { finishFlush: constants.Z_SYNC_FLUSH });
}

function chunksOf(count: number, length: number): Buffer[] {
  return Array.from({ length: count }, (_, at) => Buffer.alloc(length, `chunk ${at} `));
}

describe('deflated pieces', () => {
  it('say what the chunks say, whichever of them answers before had, alone or together', async () => {
    const lengths = fc.array(fc.constantFrom(1, 500, 60_000, 140_000), { minLength: 1, maxLength: 8 });
    const answers = fc.array(fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(lengths, answers, async (sizes, changes) => {
        let chunks = sizes.map((size, at) => Buffer.alloc(size, `first ${at} `));
        for (const [answer, changed] of changes.entries()) {
          chunks = chunks.map((chunk, at) => (changed[at] ? Buffer.alloc(chunk.length, `${answer} ${at} `) : chunk));
          const { chunks: pieces, crc, length } = await deflateOpen(chunks);
          const plain = Buffer.concat(chunks);
          expect(inflated(pieces).equals(plain)).toBe(true);
          expect([crc, length]).toEqual([crc32(plain), plain.length]);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('are made of several chunks, and taken again where none of them has changed', async () => {
    const chunks = chunksOf(16, 30_000);
    const first = (await deflateOpen(chunks)).chunks;
    expect(first).toHaveLength(4);
    expect((await deflateOpen(chunks)).chunks.map((piece, at) => piece === first[at])).toEqual(first.map(() => true));
  });

  it('leave what changes again and again alone with its like', async () => {
    const chunks = chunksOf(8, 30_000);
    await deflateOpen(chunks);
    const made = async (): Promise<number> => {
      const before = new Set((await deflateOpen(chunks)).chunks);
      chunks[1] = Buffer.alloc(30_000, `${Math.random()}`);
      return (await deflateOpen(chunks)).chunks.filter((piece) => !before.has(piece)).length;
    };
    expect(await made()).toBe(3);
    expect(await made()).toBe(1);
  });
});
