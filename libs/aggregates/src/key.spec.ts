import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { KeyMemory, keyOf, keyText } from './key.js';

/** Few enough that keys share beginnings and come again; empty parts and parts that look like joined ones among them. */
const part = fc.constantFrom('', 'a', 'b', 'ab', 'gpt-5', 'ü', '🦀');
const parts = fc.oneof(
  fc.tuple(part),
  fc.tuple(part, part),
  fc.tuple(part, part, part),
  fc.tuple(part, part, part, part),
);

function remembered(memory: KeyMemory, wanted: readonly string[]) {
  const [first = '', second = '', third = '', fourth = ''] = wanted;
  if (wanted.length === 1) return memory.one(first);
  if (wanted.length === 2) return memory.two(first, second);
  return wanted.length === 3 ? memory.three(first, second, third) : memory.four([first, second, third, fourth]);
}

describe('a memory of keys', () => {
  it('gives the key that joining the parts gives, in whatever order keys come', () => {
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 50 }), (wanted) => {
        const memory = new KeyMemory();
        for (const one of wanted) expect(remembered(memory, one)).toEqual(keyOf(one));
      }),
    );
  });

  it('gives one and the same key as long as it remembers', () => {
    const memory = new KeyMemory();
    const first = memory.two('user', 'model');
    expect(memory.one('user').text).toBe('user');
    expect(memory.two('user', 'model')).toBe(first);
  });

  it('forgets rather than grow without bound, and goes on giving the right keys (W9)', () => {
    const memory = new KeyMemory();
    const first = memory.one('user 0');
    for (let at = 1; at <= 20_000; at += 1) memory.two(`user ${at}`, 'model');
    expect(memory.one('user 0')).not.toBe(first);
    expect(memory.one('user 0')).toEqual(first);
    expect(memory.two('user 7', 'model').text).toBe(keyText(['user 7', 'model']));
  });
});
