import { type ChangeStream, lsnOf, type StreamSink } from '@app/change';
import { describe, expect, it } from '@jest/globals';
import { type StreamEvent, streamEvents } from './stream-event.js';

/** A stream that the spec opens and drives by its sink. */
function given(): {
  readonly sink: () => StreamSink;
  readonly opened: () => Promise<void>;
  readonly refuse: (error: Error) => Promise<void>;
  readonly closes: () => number;
  readonly open: (sink: StreamSink) => Promise<ChangeStream>;
} {
  let sink: StreamSink | null = null;
  let closes = 0;
  let resolve: (stream: ChangeStream) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const turn = (): Promise<void> => new Promise((done) => setImmediate(done));
  const close = async (): Promise<void> => {
    closes += 1;
    sink?.closed(null);
  };
  return {
    sink: () => sink as StreamSink,
    closes: () => closes,
    open: (given) => {
      sink = given;
      return new Promise((yes, no) => {
        resolve = yes;
        reject = no;
      });
    },
    opened: () => {
      resolve({ close } as ChangeStream);
      return turn();
    },
    refuse: (error) => {
      reject(error);
      return turn();
    },
  };
}

function heard(open: (sink: StreamSink) => Promise<ChangeStream>) {
  const all: (StreamEvent['kind'] | 'complete' | Error)[] = [];
  const subscription = streamEvents(open).subscribe({
    next: ({ kind }) => all.push(kind),
    error: (error: Error) => all.push(error),
    complete: () => all.push('complete'),
  });
  return { all, subscription };
}

describe('a stream as events', () => {
  it('says all that comes, in the order of the wire', async () => {
    const stream = given();
    const { all } = heard(stream.open);
    await stream.opened();
    stream.sink().change({ kind: 'rejected', reason: 'x', detail: '' });
    stream.sink().keepalive(lsnOf(1n), false);
    expect(all).toEqual(['opened', 'change', 'keepalive']);
  });

  it('errors when the stream breaks, and completes when it was closed from here', async () => {
    const broken = given();
    const one = heard(broken.open);
    await broken.opened();
    broken.sink().closed(new Error('cut'));
    expect(one.all).toEqual(['opened', new Error('cut')]);
    const closed = given();
    const other = heard(closed.open);
    await closed.opened();
    closed.sink().closed(null);
    expect(other.all).toEqual(['opened', 'complete']);
  });

  it('errors when it can not be opened', async () => {
    const stream = given();
    const { all } = heard(stream.open);
    await stream.refuse(new Error('slot-active'));
    expect(all).toEqual([new Error('slot-active')]);
  });

  it('closes the stream when it is unsubscribed from, also one that opens only afterwards', async () => {
    const open = given();
    const one = heard(open.open);
    await open.opened();
    one.subscription.unsubscribe();
    expect(open.closes()).toBe(1);
    const late = given();
    const other = heard(late.open);
    other.subscription.unsubscribe();
    await late.opened();
    expect(late.closes()).toBe(1);
    expect(other.all).toEqual([]);
  });
});
