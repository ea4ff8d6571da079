import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatLsn, LSN_ZERO, type Lsn, lsnDistance, lsnFromHex, lsnOf, lsnToHex, parseLsn } from './lsn.js';

const positions = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }).map(lsnOf);

function sign(value: bigint): number {
  return value < 0n ? -1 : value > 0n ? 1 : 0;
}

describe('Lsn', () => {
  it('comes back from its text form', () => {
    fc.assert(fc.property(positions, (lsn) => expect(parseLsn(formatLsn(lsn))).toBe(lsn)));
  });

  it('comes back from its stored form', () => {
    fc.assert(fc.property(positions, (lsn) => expect(lsnFromHex(lsnToHex(lsn))).toBe(lsn)));
  });

  it.each([
    ['0/0', 0n],
    ['0/1', 1n],
    ['16/B374D848', 0x16_b374_d848n],
    ['1/00000000', 0x1_0000_0000n],
    ['16/b374d848', 0x16_b374_d848n],
    ['FFFFFFFF/FFFFFFFF', 0xffff_ffff_ffff_ffffn],
  ])('reads %s as PostgreSQL means it', (text, position) => {
    expect(parseLsn(text)).toBe(position);
  });

  it.each([
    [0n, '0/0'],
    [0x1_0000_0000n, '1/0'],
    [0x16_b374_d848n, '16/B374D848'],
    [0x1_0000_00ffn, '1/FF'],
  ])('writes %s as pg_lsn prints it', (position, text) => {
    expect(formatLsn(lsnOf(position))).toBe(text);
  });

  it.each(['', '0', '/', '0/', '/0', '1/2/3', '0x1/0', ' 0/0', '0/0 ', '0/123456789', 'G/0', '-1/0'])(
    'refuses %j and quotes it',
    (text) => {
      expect(() => parseLsn(text)).toThrow(SyntaxError);
      expect(() => parseLsn(text)).toThrow(JSON.stringify(text));
    },
  );

  it.each(['', '0', '00000000b374d84', '00000000B374D848', '0x000000b374d848', '000000000000000000'])(
    'refuses %j as a stored form',
    (text) => {
      expect(() => lsnFromHex(text)).toThrow(SyntaxError);
    },
  );

  it.each([-1n, 0x1_0000_0000_0000_0000n])('refuses %s, which is no 64 bit position', (value) => {
    expect(() => lsnOf(value)).toThrow(RangeError);
  });

  it('is ordered by its value, where the order of its text is another (W1)', () => {
    const before = parseLsn('A/0');
    const after = parseLsn('10/0');
    expect(before < after).toBe(true);
    expect(formatLsn(before) < formatLsn(after)).toBe(false);
  });

  it('has a stored form whose text order is the order of positions', () => {
    fc.assert(
      fc.property(positions, positions, (left, right) => {
        const byText = lsnToHex(left) < lsnToHex(right) ? -1 : lsnToHex(left) > lsnToHex(right) ? 1 : 0;
        expect(byText).toBe(sign(left - right));
      }),
    );
  });

  it('keeps neighbours apart that a double would take for one', () => {
    const lsn = lsnOf(0xffff_ffff_ffff_fffen);
    expect(lsnFromHex(lsnToHex(lsn))).not.toBe(lsnOf(0xffff_ffff_ffff_ffffn));
    expect(Number(lsn)).toBe(Number(0xffff_ffff_ffff_ffffn));
  });

  it('measures the bytes ahead, and none to what lies behind', () => {
    const distance = (from: string, to: string): number => lsnDistance(parseLsn(from), parseLsn(to));
    expect(distance('0/10', '0/30')).toBe(32);
    expect(distance('0/30', '0/10')).toBe(0);
    expect(distance('0/30', '0/30')).toBe(0);
    expect(distance('0/FFFFFFFF', '1/0')).toBe(1);
  });

  it('starts at zero', () => {
    const zero: Lsn = LSN_ZERO;
    expect(formatLsn(zero)).toBe('0/0');
  });
});
