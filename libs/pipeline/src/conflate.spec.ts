import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { map, type Observable, of, Subject, throwError } from 'rxjs';
import { type RunHelpers, TestScheduler } from 'rxjs/testing';
import { type ConflateOptions, conflate } from './conflate.js';

/** A batch is the text of what was added; it is ready when it holds anything but dots. */
interface Batch {
  text: string;
}

type Project = (text: string) => Observable<string>;

/** Runs marbles; `given` makes the options of a conflation on the test's virtual time. */
function marbles(run: (helpers: RunHelpers, given: (project: Project, spacing?: number) => Options) => void): void {
  const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected));
  scheduler.run((helpers) => run(helpers, (project, spacing = 0) => optionsOn(scheduler, project, spacing)));
}

type Options = ConflateOptions<string, Batch, string>;

function optionsOn(scheduler: TestScheduler, project: Project, spacing: number): Options {
  return {
    open: () => ({ text: '' }),
    add: (batch, value) => {
      batch.text += value;
    },
    ready: ({ text }) => /[^.]/.test(text),
    project: ({ text }) => project(text),
    spacing: () => spacing,
    full: ({ text }) => text.length >= 4,
    scheduler,
  };
}

describe('conflate', () => {
  it('works on one batch at a time and merges what comes meanwhile into the next one', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }, given) => {
      const source = cold(' a-bcd------|');
      const work = cold('   ---(x|)');
      const out = source.pipe(conflate(given((text) => work.pipe(map(() => text)))));
      expectObservable(out).toBe('---a--b--d-|', { a: 'a', b: 'bc', d: 'd' });
      expectSubscriptions(source.subscriptions).toBe('^----------!');
      expectSubscriptions(work.subscriptions).toBe(['^--!', '---^--!', '------^--!']);
    });
  });

  it('waits with the completion for the batch under way and the one behind it', () => {
    marbles(({ cold, expectObservable }, given) => {
      const source = cold(' ab|');
      const work = cold('   ----(x|)');
      const out = source.pipe(conflate(given((text) => work.pipe(map(() => text)))));
      expectObservable(out).toBe('----a---(b|)');
    });
  });

  it('leaves alone what is not ready, and works on it with what is', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }, given) => {
      const source = cold(' .-.-a---.---|');
      const work = cold('   -(x|)');
      const out = source.pipe(conflate(given((text) => work.pipe(map(() => text)))));
      expectObservable(out).toBe('-----a------|', { a: '..a' });
      expectSubscriptions(work.subscriptions).toBe(['----^!']);
    });
  });

  it('keeps the starts of two batches apart, so that a burst goes out together', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }, given) => {
      const source = cold(' abc-------------d|');
      const work = cold('   -(x|)');
      const out = source.pipe(conflate(given((text) => work.pipe(map(() => text)), 10)));
      expectObservable(out).toBe('-a---------b---------(d|)', { a: 'a', b: 'bc', d: 'd' });
      expectSubscriptions(work.subscriptions).toBe(['^!', '----------^!', '--------------------^!']);
    });
  });

  it('does not wait out the spacing with a batch that is full', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }, given) => {
      const source = cold(' abcdefgh--|');
      const work = cold('   -(x|)');
      const out = source.pipe(conflate(given((text) => work.pipe(map(() => text)), 20)));
      expectObservable(out).toBe('-a---b-------------------(g|)', { a: 'a', b: 'bcde', g: 'fgh' });
      expectSubscriptions(work.subscriptions).toBe(['^!', '----^!', '------------------------^!']);
    });
  });

  it('an error of the source ends what is under way', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }, given) => {
      const source = cold(' a-#');
      const work = cold('   -----(x|)');
      const out = source.pipe(conflate(given((text) => work.pipe(map(() => text)))));
      expectObservable(out).toBe('--#');
      expectSubscriptions(work.subscriptions).toBe(['^-!']);
    });
  });

  it('an error of a batch goes down the stream, and ends the source', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }, given) => {
      const source = cold(' a-b-------');
      const work = cold('   ---#');
      const out = source.pipe(conflate(given(() => work)));
      expectObservable(out).toBe('---#');
      expectSubscriptions(source.subscriptions).toBe('^--!');
    });
  });

  it('unsubscribing ends source, batch and the batch that was to start', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }, given) => {
      const source = cold('  ab--------');
      const work = cold('    --(x|)');
      const stop = '         ---!';
      const out = source.pipe(conflate(given((text) => work.pipe(map(() => text)), 20)));
      expectObservable(out, stop).toBe('--a-');
      expectSubscriptions(source.subscriptions).toBe('^--!');
      expectSubscriptions(work.subscriptions).toBe(['^-!']);
    });
  });

  it('batches that are done at once follow each other without end of the stack', () => {
    marbles(({ expectObservable }, given) => {
      const texts = Array.from({ length: 5_000 }, (_, place) => String(place % 10));
      const out = of(...texts).pipe(
        conflate(given((text) => of(text))),
        map((text) => text.length),
      );
      expectObservable(out).toBe('(a|)', { a: 5_000 });
    });
  });

  it.each(['add', 'ready', 'project', 'open'] as const)('what `%s` throws goes down the stream', (part) => {
    const scheduler = new TestScheduler(() => undefined);
    const source = new Subject<string>();
    const failure = new Error(`${part} failed`);
    const good = optionsOn(scheduler, (text) => of(text), 0);
    let opened = 0;
    const fails = (): never => {
      // The first batch is opened at the subscription.
      if (part === 'open' && ++opened === 1) return { text: '' } as never;
      throw failure;
    };
    const heard: unknown[] = [];
    source.pipe(conflate({ ...good, [part]: fails })).subscribe({ error: (error) => heard.push(error) });
    source.next('a');
    scheduler.flush();
    expect(heard).toEqual([failure]);
    expect(source.observed).toBe(false);
  });

  it('W3: whatever the times, order is kept, nothing is lost, and no two batches are under way', () => {
    const step = fc.record({ wait: fc.nat(4), value: fc.constantFrom('a', 'b', '.') });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 40 }),
        fc.array(fc.nat(6), { minLength: 1 }),
        fc.nat(8),
        (steps, takes, spacing) => {
          const scheduler = new TestScheduler(() => undefined);
          const source = new Subject<string>();
          const stored: string[] = [];
          let underWay = 0;
          let batch = 0;
          const work = (text: string): Observable<string> => {
            expect(++underWay).toBe(1);
            const done = new Subject<string>();
            scheduler.schedule(
              () => {
                underWay -= 1;
                done.next(text);
                done.complete();
              },
              takes[batch++ % takes.length] as number,
            );
            return done;
          };
          source.pipe(conflate(optionsOn(scheduler, work, spacing))).subscribe((text) => stored.push(text));
          let now = 0;
          for (const { wait, value } of steps) {
            now += wait;
            scheduler.schedule(() => source.next(value), now);
          }
          // The last one makes everything before it ready.
          scheduler.schedule(() => source.next('z'), now + 1);
          scheduler.flush();
          expect(stored.join('')).toBe(`${steps.map(({ value }) => value).join('')}z`);
        },
      ),
    );
  });

  it('an error of a batch that is done at once goes down the stream', () => {
    marbles(({ cold, expectObservable }, given) => {
      const out = cold('a--').pipe(conflate(given(() => throwError(() => 'error'))));
      expectObservable(out).toBe('#');
    });
  });
});
