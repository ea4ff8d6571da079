import { lsnOf } from '@app/change';
import { describe, expect, it } from '@jest/globals';
import { PoisonWatch } from './poison-watch.js';

describe('the watch over poison', () => {
  it('W10: knows a position that fails the second time, though others failed between', () => {
    const watch = new PoisonWatch();
    expect([1n, 2n, 1n, 2n, 3n].map((position) => watch.failsAgain(lsnOf(position)))).toEqual([
      false,
      false,
      true,
      true,
      false,
    ]);
  });

  it('W9: remembers a bounded number of positions', () => {
    const watch = new PoisonWatch();
    for (let position = 0n; position < 1_000n; position++) watch.failsAgain(lsnOf(position));
    expect(watch.failsAgain(lsnOf(0n))).toBe(false);
    expect(watch.failsAgain(lsnOf(0n))).toBe(true);
  });
});
