import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bytesOf } from './message-bytes.js';
import { RepeatedTexts } from './repeated-texts.js';

/** What a reader of texts does: looks for one, and makes and remembers it where it is not known. */
function read(texts: RepeatedTexts, message: Buffer, from: number, to: number): { text: string; known: boolean } {
  const { view } = bytesOf(message);
  const known = texts.find(view, from, to);
  if (known !== undefined) return { text: known, known: true };
  const text = message.toString('utf8', from, to);
  texts.remember(view, from, to, text);
  return { text, known: false };
}

describe('texts that were read before', () => {
  it('are what their bytes say, whatever came before and stands around them', () => {
    const alike = fc.constantFrom(
      '',
      'a',
      'ab',
      'abc',
      'ac',
      'gpt-4o',
      'gpt-4o-mini',
      'ü',
      'x'.repeat(256),
      'x'.repeat(257),
    );
    const any = fc.oneof(alike, fc.string({ unit: 'grapheme', maxLength: 300 }));
    fc.assert(
      fc.property(fc.array(fc.tuple(any, any), { maxLength: 200 }), (pieces) => {
        const texts = new RepeatedTexts();
        for (const [before, text] of pieces) {
          const from = Buffer.byteLength(before);
          const message = Buffer.from(`${before}${text}"}`);
          expect(read(texts, message, from, from + Buffer.byteLength(text)).text).toBe(text);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('are found again, as the very same string, also where the message that they came in is gone', () => {
    const texts = new RepeatedTexts();
    const message = Buffer.from('"claude-sonnet"');
    expect(read(texts, message, 1, 14)).toEqual({ text: 'claude-sonnet', known: false });
    message.fill(0);
    expect(read(texts, Buffer.from('x"claude-sonnet"'), 2, 15)).toEqual({ text: 'claude-sonnet', known: true });
  });

  it('of a column in which every one is new are not looked for any longer, and are again after a while', () => {
    const texts = new RepeatedTexts();
    const known = (text: string): boolean => read(texts, Buffer.from(text), 0, Buffer.byteLength(text)).known;
    for (let id = 0; id < 1_000; id += 1) expect(known(`id-${id}`)).toBe(false);
    expect([known('again'), known('again')]).toEqual([false, false]);
    for (let id = 0; id < 50_000; id += 1) known(`id-${id}`);
    expect([known('again'), known('again')]).toEqual([false, true]);
  });

  it('are what their bytes say before, in and after the rest of a column', () => {
    const texts = new RepeatedTexts();
    for (let at = 0; at < 52_000; at += 1) {
      // Until far into the rest nearly every text is new, and then one of ten.
      const text = at < 51_000 ? `id-${at}` : `again-${at % 10}`;
      expect(read(texts, Buffer.from(text), 0, Buffer.byteLength(text)).text).toBe(text);
    }
  });
});
