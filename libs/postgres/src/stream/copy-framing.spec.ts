import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CopyFraming } from './copy-framing.js';

/** A message as the wire has it. */
function message(code: string, body: Buffer): Buffer {
  const header = Buffer.alloc(5, code);
  header.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([header, body]);
}

const xlogData = (data: Buffer) => message('d', Buffer.concat([Buffer.alloc(25, 'w'), data]));
const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
const data = bytes.map((content) => ({ data: content, wire: xlogData(content) }));
const keepalive = fc.constant({ data: null, wire: message('d', Buffer.alloc(18, 'k')) });
const other = fc
  .tuple(fc.constantFrom('W', 'C', 'Z', 'E', 'N', 'c', 'S'), bytes)
  .map(([code, body]) => ({ data: null, wire: message(code, body) }));
const messages = fc.array(fc.oneof(data, keepalive, other), { maxLength: 30 });

/** The wire in pieces that end anywhere, as a socket brings them. */
function pieces(wire: Buffer, sizes: readonly number[]): Buffer[] {
  const all: Buffer[] = [];
  for (let at = 0, index = 0; at < wire.length; index += 1) {
    const end = at + (sizes[index] ?? wire.length);
    all.push(wire.subarray(at, end));
    at = end;
  }
  return all;
}

describe('CopyFraming', () => {
  it('gives the data of each XLogData and everything else, whole and in order, however the socket cuts them', () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 100 });
    fc.assert(
      fc.property(messages, cuts, (sent, sizes) => {
        const heard: (Buffer | string)[] = [];
        const framing = new CopyFraming((rest) => heard.push(`${rest.toString('hex')}`));
        framing.data = (content) => heard.push(Buffer.from(content));
        for (const piece of pieces(Buffer.concat(sent.map(({ wire }) => wire)), sizes)) framing.take(piece);
        expect(joined(heard)).toEqual(joined(sent.map(({ data: content, wire }) => content ?? wire.toString('hex'))));
      }),
      { numRuns: 500 },
    );
  });

  it('gives the rest only in whole messages', () => {
    fc.assert(
      fc.property(messages, fc.array(fc.integer({ min: 1, max: 20 })), (sent, sizes) => {
        const framing = new CopyFraming((rest) => {
          let at = 0;
          while (at < rest.length) at += 1 + rest.readUInt32BE(at + 1);
          expect(at).toBe(rest.length);
        });
        for (const piece of pieces(Buffer.concat(sent.map(({ wire }) => wire)), sizes)) framing.take(piece);
      }),
    );
  });

  it('leaves everything to the rest where nobody takes the data', () => {
    const heard: Buffer[] = [];
    const framing = new CopyFraming((rest) => heard.push(rest));
    framing.take(xlogData(Buffer.from('row')));
    expect(heard).toEqual([xlogData(Buffer.from('row'))]);
  });
});

/** What is no data, joined where it came together. */
function joined(heard: readonly (Buffer | string)[]): (Buffer | string)[] {
  const all: (Buffer | string)[] = [];
  for (const one of heard) {
    const last = all.at(-1);
    if (typeof one === 'string' && typeof last === 'string') all[all.length - 1] = last + one;
    else all.push(one);
  }
  return all;
}
