import { describe, expect, it } from '@jest/globals';
import { StepRetention } from './step-retention.js';

describe('the log that is kept for slow readers', () => {
  const entry = (bytes: number, parts: string[] = []) => ({ bytes, parts });

  it('keeps what is young, or not in the base yet', () => {
    const retention = new StepRetention({ keepLog: 60, keepLogBytes: 1_000 });
    retention.add(entry(1, ['a']), 1, 0);
    retention.add(entry(1), 2, 50);
    retention.add(entry(1), 3, 100);
    expect(retention.trim(3, 59)).toEqual({ keep: 1, parts: [] });
    expect(retention.trim(3, 60)).toEqual({ keep: 2, parts: ['a'] });
    expect(retention.trim(1, 1_000)).toEqual({ keep: 2, parts: ['a'] });
    expect(retention.trim(3, 1_000)).toEqual({ keep: 4, parts: ['a'] });
  });

  it('keeps no more bytes than it may, the newest first', () => {
    const retention = new StepRetention({ keepLog: 60, keepLogBytes: 100 });
    for (let version = 1; version <= 5; version++) retention.add(entry(40), version, 0);
    expect(retention.trim(5, 1).keep).toBe(4);
  });

  it('says of a trim that failed the same again, and nothing of one that was done', () => {
    const retention = new StepRetention({ keepLog: 0, keepLogBytes: 100 });
    retention.add(entry(1, ['a']), 1, 0);
    expect(retention.trim(1, 1)).toEqual(retention.trim(1, 1));
    retention.forget(2);
    expect(retention.trim(1, 1)).toEqual({ keep: 2, parts: [] });
  });
});
