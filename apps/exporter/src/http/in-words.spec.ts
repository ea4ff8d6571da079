import { describe, expect, it } from '@jest/globals';
import { bytesInWords, countInWords, durationInWords } from './in-words.js';

describe('figures in words', () => {
  it.each([
    [0, '0 s'],
    [0.4, '0 s'],
    [59, '59 s'],
    [60, '1 min'],
    [185, '3 min 5 s'],
    [3_605, '1 h'],
    [93_784, '1 d 2 h'],
    [-5, '0 s'],
  ])('%d seconds are %s', (seconds, words) => expect(durationInWords(seconds)).toBe(words));

  it.each([
    [0, '0'],
    [999, '999'],
    [1_000, '1\u00a0000'],
    [10_234_567, '10\u00a0234\u00a0567'],
  ])('%d is %s', (count, words) => expect(countInWords(count)).toBe(words));

  it.each([
    [0, '0 B'],
    [1_023, '1\u00a0023 B'],
    [16_777_216, '16.0 MiB'],
    [5e15, '4547.5 TiB'],
  ])('%d bytes are %s', (bytes, words) => expect(bytesInWords(bytes)).toBe(words));
});
