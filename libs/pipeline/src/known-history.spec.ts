import { type Checkpoint, LSN_ZERO, type Lsn, lsnOf, type SlotFacts } from '@app/change';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type CountedCommit, KnownHistory, readCountedCommit, writeCountedCommit } from './known-history.js';

const COUNTED: CountedCommit = { commitLsn: lsnOf(800n), commitTime: 1_700_000_000_123, changes: 3 };
const NEXT = lsnOf(1_000n);

function slot(confirmed: bigint | null, active = false): SlotFacts {
  const confirmedFlush = confirmed === null ? null : lsnOf(confirmed);
  return { active, confirmedFlush } as SlotFacts;
}

function known(confirmed: bigint, counted: CountedCommit | null = COUNTED): KnownHistory {
  return new KnownHistory({ next: NEXT, counted, slot: slot(confirmed) });
}

function again(commitLsn: bigint, { commitTime = 1_700_000_000_999, changes = 1 } = {}) {
  return { kind: 'duplicate', commitLsn: lsnOf(commitLsn), commitTime, changes } as const;
}

describe('the figure of the transaction counted last', () => {
  const checkpoint = (commitTime: number) => ({ commitTime }) as Checkpoint;

  it('is read as it was written', () => {
    const commits = fc.record({
      commitLsn: fc.bigInt(0n, 2n ** 64n - 1n).map(lsnOf),
      commitTime: fc.double({ min: 0, max: 1e14, noNaN: true }),
      changes: fc.nat(),
    });
    fc.assert(
      fc.property(commits, (commit) => {
        const { commitTime } = commit;
        const read = readCountedCommit(writeCountedCommit(commit), checkpoint(commitTime));
        expect(read).toEqual({ ...commit, commitTime: commitTime + 0 });
      }),
    );
  });

  it('is nobody’s where it is missing, strange, or of another checkpoint', () => {
    expect(readCountedCommit(undefined, checkpoint(1))).toBeNull();
    expect(readCountedCommit('text', checkpoint(1))).toBeNull();
    expect(readCountedCommit(writeCountedCommit(COUNTED), checkpoint(1))).toBeNull();
  });
});

describe('the history of a log', () => {
  it('W5: is asked for from the transaction counted last, where the slot was not confirmed beyond it', () => {
    expect(known(500n).from).toBe(800n);
    expect(known(800n).from).toBe(800n);
    expect(known(801n).from).toBe(801n);
    expect(known(1_000n).from).toBe(1_000n);
  });

  it.each<[string, Lsn, KnownHistory]>([
    ['what was counted is not known', NEXT, new KnownHistory({ next: NEXT, counted: null, slot: slot(500n) })],
    ['there is no slot', NEXT, new KnownHistory({ next: NEXT, counted: COUNTED, slot: null })],
    [
      'somebody may still move the slot',
      NEXT,
      new KnownHistory({ next: NEXT, counted: COUNTED, slot: slot(500n, true) }),
    ],
    ['the slot does not say', NEXT, new KnownHistory({ next: NEXT, counted: COUNTED, slot: slot(null) })],
  ])('asks nothing where %s', (_, from, history) => {
    expect(history.from).toBe(from);
    expect(history.told).toBe(true);
    history.again(again(900n));
    history.reached(NEXT);
  });

  it('W5: is the same where the transaction comes again, with whatever changes nothing behind it', () => {
    const history = known(500n);
    history.again(again(800n, { commitTime: COUNTED.commitTime }));
    history.again(again(900n, { changes: 0 }));
    history.reached(lsnOf(999n));
    expect(history.told).toBe(false);
    history.reached(NEXT);
    expect(history.told).toBe(true);
  });

  it.each<[string, (history: KnownHistory) => void]>([
    ['lacks it', (history) => history.reached(NEXT)],
    ['has another at its position', (history) => history.again(again(800n))],
    ['has changes before the next position that nobody counted', (history) => history.again(again(900n))],
    [
      'has such changes and all else',
      (history) => {
        history.again(again(800n, { commitTime: COUNTED.commitTime }));
        history.again(again(999n));
      },
    ],
  ])('W5: is another one where the log %s', (_, happens) => {
    expect(() => happens(known(500n))).toThrow(/^a new seed is wanted: state_ahead_of_server/);
  });

  it('W5: a transaction that can not come again is not missed, changes behind it are', () => {
    const history = known(900n);
    history.reached(NEXT);
    expect(history.told).toBe(true);
    expect(() => known(900n).again(again(950n))).toThrow(/never counted/);
  });

  it('W5: nothing has been counted since the seed, so that any change is one too many', () => {
    const none = { commitLsn: LSN_ZERO, commitTime: 1, changes: 0 };
    expect(known(500n, none).from).toBe(500n);
    expect(() => known(500n, none).again(again(600n))).toThrow(/never counted/);
    known(500n, none).reached(NEXT);
  });

  it('W5: a large transaction is not read again', () => {
    const large = { ...COUNTED, changes: 1_000_000 };
    expect(known(500n, large).from).toBe(801n);
    known(500n, large).reached(NEXT);
    expect(() => known(500n, large).again(again(900n))).toThrow(/never counted/);
  });
});
