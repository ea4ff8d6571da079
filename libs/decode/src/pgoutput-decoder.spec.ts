import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PgoutputDecoder } from './pgoutput-decoder.js';

const int16 = (value: number) => Buffer.from([value >> 8, value & 0xff]);
const int32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const text = (value: string | Buffer) => Buffer.concat([Buffer.from('t'), int32(value.length), Buffer.from(value)]);
const column = (name: string, type: number, key = false) =>
  Buffer.concat([Buffer.from([key ? 1 : 0]), Buffer.from(`${name}\0`), int32(type), int32(-1)]);

const relation = Buffer.concat([
  Buffer.from('R'),
  int32(7),
  Buffer.from('public\0t\0d'),
  int16(2),
  column('id', 23, true),
  column('words', 25),
]);
const insertOf = (words: string | Buffer) =>
  Buffer.concat([Buffer.from('I'), int32(7), Buffer.from('N'), int16(2), text('1'), text(words)]);
const update = Buffer.concat([Buffer.from('U'), int32(7), Buffer.from('N'), int16(2), text('1'), Buffer.from('u')]);

function described(): PgoutputDecoder {
  const decoder = new PgoutputDecoder();
  expect(decoder.decode(relation)).toBeNull();
  return decoder;
}

describe('PgoutputDecoder', () => {
  it('never throws, whatever the bytes are (W10)', () => {
    const decoder = described();
    const tags = fc.constantFrom(...'BCDIMORTUYXSEcA').map((tag) => tag.charCodeAt(0));
    const bytes = fc.tuple(tags, fc.uint8Array({ maxLength: 80 })).map(([tag, rest]) => Buffer.from([tag, ...rest]));
    fc.assert(
      fc.property(fc.oneof(bytes, fc.constant(Buffer.alloc(0))), (message) => {
        const change = decoder.decode(message);
        expect(change === null || typeof change.kind === 'string').toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('survives any damage of a sound row, and reads the next one as if nothing had been', () => {
    const decoder = described();
    const sound = insertOf('secret');
    fc.assert(
      fc.property(fc.nat({ max: sound.length - 1 }), fc.nat({ max: 255 }), fc.nat({ max: 30 }), (at, byte, cut) => {
        const damaged = Buffer.from(sound);
        damaged[at] = byte;
        const change = decoder.decode(damaged.subarray(0, sound.length - cut));
        if (change?.kind === 'rejected') expect(change.detail).not.toContain('secret');
        expect(decoder.decode(sound)).toMatchObject({ kind: 'insert', row: { id: 1, words: 'secret' } });
      }),
    );
  });

  it('rejects a row of a table that was not described', () => {
    expect(new PgoutputDecoder().decode(insertOf('x'))).toEqual({
      kind: 'rejected',
      reason: 'undecodable_message',
      detail: 'pgoutput message of 20 bytes: missing relation',
    });
  });

  it('W10: a row whose prompts no string could hold is read without them, as with wal2json', () => {
    const of = (mebibytes: number) => described().decode(insertOf(Buffer.alloc(mebibytes * 1_048_576, 'a')));
    expect(of(16)).toHaveProperty('row.words');
    for (const mebibytes of [17, 600]) {
      const change = of(mebibytes);
      expect(change).toMatchObject({ kind: 'insert', row: { id: 1 } });
      expect(change).not.toHaveProperty('row.words');
    }
  });

  it('leaves the name of an unchanged TOAST column out', () => {
    const change = described().decode(update);
    expect(change?.kind === 'update' && Object.keys(change.row)).toEqual(['id']);
  });

  it('reads a row whose text is not valid UTF-8, with replacement characters', () => {
    const change = described().decode(insertOf(Buffer.from([0x61, 0xff])));
    expect(change).toMatchObject({ kind: 'insert', row: { words: 'a\uFFFD' } });
  });
});
