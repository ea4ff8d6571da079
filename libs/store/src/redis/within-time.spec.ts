import { describe, expect, it } from '@jest/globals';
import { Unanswered, withinTime } from './within-time.js';

describe('an answer within time', () => {
  it('is what was answered, or the error', async () => {
    await expect(withinTime(Promise.resolve(1), 50)).resolves.toBe(1);
    await expect(withinTime(Promise.reject(new Error('no')), 50)).rejects.toThrow('no');
  });

  it('is missed when nothing comes', async () => {
    await expect(withinTime(new Promise(() => {}), 20)).rejects.toBeInstanceOf(Unanswered);
  });

  it('is not missed because this process was busy meanwhile', async () => {
    const answer = new Promise<string>((resolve) => setTimeout(() => setImmediate(() => resolve('late')), 60));
    const answered = withinTime(answer, 40);
    const end = performance.now() + 120;
    while (performance.now() < end);
    await expect(answered).resolves.toBe('late');
  });
});
