import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readTextArray } from './text-array.js';

/** What PostgreSQL's array_out prints. */
function printed(entries: readonly string[]): string {
  return `{${entries.map((entry) => `"${entry.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`).join(',')}}`;
}

describe('readTextArray', () => {
  it.each([
    ['', []],
    ['{}', []],
    ['{gpt-4o}', ['gpt-4o']],
    ['{gpt-4o,"claude 3"}', ['gpt-4o', 'claude 3']],
    ['{NULL,"NULL","",a}', ['NULL', 'a']],
    ['{"a,b","c{d}","e\\"f\\\\g"}', ['a,b', 'c{d}', 'e"f\\g']],
    ['{{a,b},{c,d}}', ['a', 'b', 'c', 'd']],
    ['[0:1]={a,b}', ['a', 'b']],
    ['["gpt-4o", "b", 1, null]', ['gpt-4o', 'b']],
    ['[]', []],
    ['{', []],
    ['nonsense', []],
    ['{}}', []],
    ['{"a"b}', []],
  ])('reads %s', (text, entries) => {
    expect(readTextArray(text)).toEqual(entries);
  });

  it('reads back any entries as PostgreSQL prints them', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', minLength: 1 })), (entries) => {
        expect(readTextArray(printed(entries))).toEqual(entries);
      }),
    );
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^\{[{},"\\ab]*$/)), (text) => {
        expect(Array.isArray(readTextArray(text))).toBe(true);
      }),
    );
  });
});
