import { describe, expect, it } from '@jest/globals';
import { inOneTurn, inTurns, listed, SLICE, sliced, type Work } from './in-turns.js';

function* counting(things: number): Work<number> {
  let done = 0;
  yield* sliced(Array(things).keys(), () => {
    done += 1;
  });
  return done;
}

describe('work in slices', () => {
  it('W9: is laid down after so many things, however many there are', () => {
    let done = 0;
    const work = sliced(Array(3 * SLICE + 1).keys(), () => {
      done += 1;
    });
    const turns: number[] = [];
    for (const _ of work) {
      turns.push(done);
      done = 0;
    }
    expect([...turns, done]).toEqual([SLICE, SLICE, SLICE, 1]);
  });

  it('does each thing once, in order', () => {
    const things = Array.from({ length: 2 * SLICE + 7 }, (_, at) => at);
    expect(inOneTurn(listed(things))).toEqual(things);
  });

  it('takes no turn more than it needs', async () => {
    let said: number | null = null;
    void inTurns(counting(10)).then((done) => {
      said = done;
    });
    await Promise.resolve();
    await Promise.resolve();
    expect(said).toBe(10);
  });

  it('W9: lets others work in between', async () => {
    let others = 0;
    let working = true;
    const other = (): void => {
      others += 1;
      if (working) setImmediate(other);
    };
    setImmediate(other);
    const slow = (function* (): Work<string> {
      for (let slice = 0; slice < 5; slice++) {
        const until = performance.now() + 10;
        while (performance.now() < until);
        yield;
      }
      return 'done';
    })();
    expect(await inTurns(slow)).toBe('done');
    working = false;
    expect(others).toBeGreaterThanOrEqual(4);
  });

  it('is left undone where it is stopped, at the end of a turn', async () => {
    let slices = 0;
    const endless = (function* (): Work<never> {
      for (;;) {
        slices += 1;
        yield;
      }
    })();
    expect(await inTurns(endless, () => slices > 0)).toBeNull();
  });
});
