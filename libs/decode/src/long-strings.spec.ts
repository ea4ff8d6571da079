import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { withoutLongStrings } from './long-strings.js';
import { Wal2JsonDecoder } from './wal2json-decoder.js';

const MIB = 1_048_576;

function cut(value: unknown, longest: number): unknown {
  if (typeof value === 'string') {
    return Buffer.byteLength(JSON.stringify(value)) - 2 > longest ? [] : value;
  }
  if (!Array.isArray(value)) return value;
  return value.map((element) => cut(element, longest));
}

describe('strings that are too long', () => {
  it('become [], and everything else stays as it is', () => {
    const strings = fc.string({ unit: fc.constantFrom('a', '"', '\\\\', '\n', 'ü', '🙂'), maxLength: 12 });
    fc.assert(
      fc.property(fc.array(fc.oneof(strings, fc.integer(), fc.constant(null))), fc.nat(20), (values, longest) => {
        const short = withoutLongStrings(Buffer.from(JSON.stringify(values)), longest).toString();
        expect(JSON.parse(short)).toEqual(cut(values, longest));
      }),
    );
  });

  it('of text that has no end are no reason to fail', () => {
    expect(withoutLongStrings(Buffer.from('{"a":"bcd\\\\'), 2).toString()).toBe('{"a":[]');
  });

  it('W10: a row whose prompts no string could hold is read without them', () => {
    const head =
      '{"action":"I","schema":"public","table":"LiteLLM_SpendLogs","columns":[{"name":"spend","value":1.5},{"name":"messages","value":"';
    const tail = '"},{"name":"model","value":"gpt-5"}]}';
    const message = Buffer.concat([Buffer.from(head), Buffer.alloc(600 * MIB, 'a'), Buffer.from(tail)]);
    const change = new Wal2JsonDecoder().decode(message);
    expect(change).toMatchObject({ kind: 'insert', row: { spend: 1.5, model: 'gpt-5' } });
    expect(change).not.toHaveProperty('row.messages');
  });

  it('a long logical message of somebody else is no rejected one', () => {
    const message = Buffer.from(
      `{"action":"M","transactional":false,"prefix":"theirs","content":"${'x'.repeat(17 * MIB)}","lsn":"0/1"}`,
    );
    expect(new Wal2JsonDecoder().decode(message)).toMatchObject({ kind: 'message', prefix: 'theirs', content: '' });
  });
});
