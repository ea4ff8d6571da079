import { describe, expect, it } from '@jest/globals';
import { Coalesced } from './coalesced.js';

describe('a coalesced task', () => {
  it('runs once more for all who ask while it runs, and begins after they asked', async () => {
    const ends: (() => void)[] = [];
    let begun = 0;
    const task = new Coalesced(() => {
      begun += 1;
      return new Promise<void>((resolve) => ends.push(resolve));
    });
    const first = task.run();
    const late = [task.run(), task.run(), task.run()];
    expect(begun).toBe(1);
    ends[0]?.();
    await first;
    await Promise.resolve();
    expect(begun).toBe(2);
    ends[1]?.();
    await Promise.all(late);
    const after = task.run();
    expect(begun).toBe(3);
    ends[2]?.();
    await after;
  });

  it('tells its failure to those it ran for, and runs again for the others', async () => {
    let runs = 0;
    const task = new Coalesced(async () => {
      runs += 1;
      if (runs === 1) throw new Error('once');
    });
    const first = task.run();
    const second = task.run();
    await expect(first).rejects.toThrow('once');
    await second;
    expect(runs).toBe(2);
  });
});
