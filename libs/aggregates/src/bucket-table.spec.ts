import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BucketTable } from './bucket-table.js';

const id = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 0xffffffff }));
const values = fc.tuple(fc.nat(), fc.double({ noNaN: true }), fc.double({ noNaN: true }));

describe('a table of one bucket', () => {
  it('holds what a Map would hold, through any number of growths', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(id, values), { maxLength: 400 }), (entries) => {
        const table = new BucketTable(3);
        const map = new Map<number, number[]>();
        for (const [one, of] of entries) {
          table.set(one, [7, 7, ...of], 2);
          map.set(one, [...of]);
          expect(table.size).toBe(map.size);
        }
        for (const [one, of] of map) expect([...(table.get(one) ?? [])]).toEqual(of);
        const found = new Map([...table.entries()].map(([one, of]) => [one, [...of]]));
        expect(found).toEqual(map);
        for (let other = 301; other < 320; other++) if (!map.has(other)) expect(table.get(other)).toBeUndefined();
      }),
    );
  });

  it('keeps dense ids apart, and rows alone in a table without sums', () => {
    const table = new BucketTable(1);
    for (let one = 1; one <= 100_000; one++) table.set(one, [one], 0);
    expect(table.size).toBe(100_000);
    for (let one = 1; one <= 100_000; one += 997) expect(table.get(one)?.[0]).toBe(one);
  });

  it('what is left out of the values is 0', () => {
    const table = new BucketTable(3);
    table.set(1, [5], 0);
    expect([...(table.get(1) ?? [])]).toEqual([5, 0, 0]);
  });

  it('does not give its entries in the order of their hashes, in which a new table would pass all before each of them', () => {
    const hashOf = (one: number): number => Math.imul(one, 0x9e3779b1) >>> 0;
    for (const size of [20, 1_000, 30_000]) {
      const table = new BucketTable(1);
      for (let one = 1; one <= size; one++) table.set(one, [one], 0);
      const hashes = [...table.entries()].map(([one]) => hashOf(one));
      const ascending = hashes.filter((hash, at) => at > 0 && hash > (hashes[at - 1] as number)).length;
      expect(ascending / size).toBeLessThan(0.75);
    }
  });
});
