import { LSN_ZERO, lsnOf } from '@app/change';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { livenessOf } from './liveness.js';
import { standbyStatus } from './standby-status.js';
import { StatusReplies } from './status-replies.js';

/** What the server would read in a reply. */
const readReply = (message: Buffer) => ({
  write: message.readBigUInt64BE(1),
  flush: message.readBigUInt64BE(9),
  apply: message.readBigUInt64BE(17),
  ping: message[33],
});

function wire() {
  const sent: Buffer[] = [];
  const state = { bytes: 0, paused: false, silent: 0 };
  const replies = new StatusReplies(
    {
      send: (message) => void sent.push(message),
      bytesRead: () => state.bytes,
      paused: () => state.paused,
      silent: () => {
        state.silent += 1;
      },
    },
    livenessOf(6000),
    lsnOf(100n),
  );
  return { replies, state, sent: () => sent.splice(0).map(readReply) };
}

const at = (position: bigint, ping = 0) => ({ write: position, flush: position, apply: position, ping });

describe('livenessOf', () => {
  it.each([
    [6000, 2000, 6],
    [60_000, 20_000, 6],
    [5000, 1666, 7],
    [0, 10_000, 6],
    [1, 100, 1],
  ])(
    'of a wal_sender_timeout of %i ms is a reply each %i ms, and the end after %i silent ones',
    (timeout, every, ticks) => {
      expect(livenessOf(timeout)).toEqual({ statusEveryMs: every, quietTicks: ticks });
    },
  );
});

describe('standbyStatus', () => {
  it('says exactly the position that it is given, also 0 and at the edge of 32 bits', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (position) => {
        const message = standbyStatus({ position: lsnOf(position), clock: 0, replyRequested: false });
        expect(readReply(message)).toEqual(at(position));
      }),
    );
  });

  it('tells the time in microseconds since 2000', () => {
    const clock = Date.UTC(2000, 0, 1, 0, 0, 1);
    expect(standbyStatus({ position: LSN_ZERO, clock, replyRequested: true }).readBigInt64BE(25)).toBe(1_000_000n);
  });
});

describe('StatusReplies', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('repeat the last confirmed position, which nothing but a confirmation moves (W2)', () => {
    const { replies, sent, state } = wire();
    replies.start();
    jest.advanceTimersByTime(2000);
    expect(sent()).toEqual([at(0n)]);
    replies.confirm(lsnOf(150n));
    expect(sent()).toEqual([at(150n)]);
    state.bytes += 1;
    jest.advanceTimersByTime(2000);
    expect(sent()).toEqual([at(150n)]);
    replies.stop();
  });

  it('never tell a slot to go back', () => {
    const { replies, sent } = wire();
    replies.start();
    for (const position of [99n, 200n, 150n, 200n]) replies.confirm(lsnOf(position));
    expect(sent()).toEqual([at(200n)]);
    replies.stop();
    replies.confirm(lsnOf(300n));
    expect(replies.confirmed).toBe(200n);
  });

  it('answer at once, but a server that asks again after every answer only ten times a second', () => {
    const { replies, sent } = wire();
    replies.start();
    for (let millisecond = 0; millisecond < 1000; millisecond += 1) {
      replies.answer();
      jest.advanceTimersByTime(1);
    }
    const answers = sent().length;
    expect(answers).toBeGreaterThanOrEqual(9);
    expect(answers).toBeLessThanOrEqual(11);
    replies.stop();
  });

  it('ask a silent server to speak, and give it up after twice wal_sender_timeout', () => {
    const { replies, sent, state } = wire();
    replies.start();
    jest.advanceTimersByTime(12_000);
    expect(sent()).toEqual([at(0n), ...Array(5).fill(at(0n, 1))]);
    expect(state.silent).toBe(0);
    jest.advanceTimersByTime(60_000);
    expect(state.silent).toBe(1);
    expect(sent()).toEqual([]);
  });

  it('take our own pause for no silence of the server', () => {
    const { replies, sent, state } = wire();
    replies.start();
    state.paused = true;
    jest.advanceTimersByTime(120_000);
    expect(state.silent).toBe(0);
    expect(sent()).toHaveLength(60);
    state.paused = false;
    replies.resumed();
    jest.advanceTimersByTime(10_000);
    expect(state.silent).toBe(0);
    replies.stop();
  });
});
