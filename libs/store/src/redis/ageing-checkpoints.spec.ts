import { lsnOf } from '@app/change';
import { describe, expect, it } from '@jest/globals';
import { AgeingCheckpoints } from './ageing-checkpoints.js';

describe('checkpoints that age', () => {
  it('W2: count from their age on, the newest of them, and not a moment before', () => {
    const ageing = new AgeingCheckpoints(1_000);
    ageing.add(lsnOf(1n), 0);
    ageing.add(lsnOf(2n), 400);
    ageing.add(lsnOf(3n), 900);
    const found = [999, 1_000, 1_399, 1_400, 1_900].map((now) => ageing.oldEnough(now));
    expect(found).toEqual([null, 1n, 1n, 2n, 3n]);
    ageing.clear();
    expect(ageing.oldEnough(9_999)).toBeNull();
  });

  it('W9: are remembered for as long as one ages, also where nobody asks', () => {
    const ageing = new AgeingCheckpoints(1_000);
    for (let step = 0; step < 100_000; step++) ageing.add(lsnOf(BigInt(step)), step * 10);
    expect(ageing.size).toBeLessThanOrEqual(102);
  });
});
