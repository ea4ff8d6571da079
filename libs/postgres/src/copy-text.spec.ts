import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { copyLine } from '../../../test/support/copy-line.js';
import { CopyTextReader, readCopyFields, readCopyLine } from './copy-text.js';

describe('COPY text', () => {
  it('is read back whatever it holds and however the bytes are cut', () => {
    const value = fc.option(
      fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\0', '')),
      { nil: null },
    );
    const rows = fc.array(fc.array(value, { minLength: 2, maxLength: 4 }), { maxLength: 8 });
    fc.assert(
      fc.property(rows, fc.array(fc.nat(40)), (lines, cuts) => {
        const bytes = Buffer.from(lines.map(copyLine).join(''));
        const reader = new CopyTextReader();
        let read = '';
        let at = 0;
        for (const cut of cuts) {
          read += reader.push(bytes.subarray(at, at + cut));
          at += cut;
        }
        read += reader.push(bytes.subarray(at));
        expect(read.split('\n').slice(0, -1).map(readCopyFields)).toEqual(lines);
      }),
    );
  });

  it('W10: is copied once where a row is long, not once for each piece that comes of it', () => {
    const reader = new CopyTextReader();
    const concat = jest.spyOn(Buffer, 'concat');
    const piece = Buffer.alloc(1_000, 'x');
    for (let pieces = 0; pieces < 100; pieces += 1) expect(reader.push(piece)).toBe('');
    expect(reader.push(Buffer.from('y\nz'))).toBe(`${'x'.repeat(100_000)}y\n`);
    expect(concat).toHaveBeenCalledTimes(1);
    concat.mockRestore();
    expect(reader.push(Buffer.from('\n'))).toBe('z\n');
  });

  it('is read alike whether a row is long or not', () => {
    const fields = ['tab\there', null, 'ä🦊'.repeat(1_000), '\\N', 'ö'];
    expect(readCopyFields(Buffer.from(copyLine(fields).slice(0, -1)).toString('latin1'))).toEqual(fields);
  });

  it('knows octal and hexadecimal escapes, and NULL from the text \\N', () => {
    expect(readCopyLine('\\101\\x42\\q\t\\\\N\t\\N\t')).toEqual(['ABq', '\\N', null, '']);
  });
});
