import { lsnOf } from '@app/change';
import { describe, expect, it } from '@jest/globals';
import { claimOf, compareClaims, epochOf } from './claim.js';

describe('claims', () => {
  const claim = (lineage: string, position: bigint) => claimOf({ lineage, position: lsnOf(position) });

  it('are ordered by timeline, then by position, as text', () => {
    const inOrder = [claim('7/1', 9n), claim('7/1', 2n ** 63n), claim('7/2', 0n), claim('7/10', 0n), claim('7/16', 1n)];
    for (const [at, one] of inOrder.entries()) {
      for (const [where, other] of inOrder.entries()) {
        const expected = at === where ? 'same' : at > where ? 'newer' : 'older';
        expect(compareClaims(one, other)).toBe(expected);
      }
    }
  });

  it('say which epoch has made them', () => {
    const epoch = { lineage: '7500000000000000001/17', position: lsnOf(2n ** 63n + 5n) };
    expect(epochOf(claimOf(epoch))).toEqual(epoch);
  });

  it('of another system are neither older nor newer', () => {
    expect(compareClaims(claim('7/1', 1n), claim('8/1', 2n))).toBe('other-system');
  });

  it.each(['', '7', '/1', '7/x', '7/-1'])('are refused for the lineage %j', (lineage) => {
    expect(() => claim(lineage, 1n)).toThrow(RangeError);
  });
});
