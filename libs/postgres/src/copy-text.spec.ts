import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CopyTextReader, readCopyLine } from './copy-text.js';

/** As PostgreSQL writes a value in COPY's text format. */
function write(value: string | null): string {
  if (value === null) return '\\N';
  const escapes: Record<string, string> = {
    '\\': '\\\\',
    '\b': '\\b',
    '\f': '\\f',
    '\n': '\\n',
    '\r': '\\r',
    '\t': '\\t',
    '\v': '\\v',
  };
  return value.replace(/[\\\b\f\n\r\t\v]/g, (character) => escapes[character] ?? character);
}

describe('COPY text', () => {
  it('is read back whatever it holds and however the bytes are cut', () => {
    const value = fc.option(
      fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\0', '')),
      { nil: null },
    );
    const rows = fc.array(fc.array(value, { minLength: 2, maxLength: 4 }), { maxLength: 8 });
    fc.assert(
      fc.property(rows, fc.array(fc.nat(40)), (lines, cuts) => {
        const bytes = Buffer.from(lines.map((fields) => `${fields.map(write).join('\t')}\n`).join(''));
        const reader = new CopyTextReader();
        const read: (string | null)[][] = [];
        let at = 0;
        for (const cut of cuts) {
          read.push(...reader.push(bytes.subarray(at, at + cut)));
          at += cut;
        }
        read.push(...reader.push(bytes.subarray(at)));
        expect(read).toEqual(lines);
      }),
    );
  });

  it('knows octal and hexadecimal escapes, and NULL from the text \\N', () => {
    expect(readCopyLine('\\101\\x42\\q\t\\\\N\t\\N\t')).toEqual(['ABq', '\\N', null, '']);
  });
});
