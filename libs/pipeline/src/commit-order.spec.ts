import { AggregateState, EntityLayer, SpendFold } from '@app/aggregates';
import { type Lsn, lsnOf } from '@app/change';
import { describe, expect, it } from '@jest/globals';
import { Subject } from 'rxjs';
import { SETTINGS, spend } from '../../../test/support/given-pipeline.js';
import { Batch } from './batch.js';
import { gatherTransactions } from './gather-transactions.js';
import type { Piece } from './piece.js';
import { PoisonWatch } from './poison-watch.js';
import type { StreamEvent } from './stream-event.js';

/** Reads transactions that commit at these positions from one stream, as a writer that stands at `next`. */
function gathered(next: bigint, ...commits: readonly bigint[]): Piece[] {
  const { entities } = new AggregateState(SETTINGS);
  const pieces: Piece[] = [];
  const source = new Subject<StreamEvent>();
  let reached: Lsn = lsnOf(next);
  source
    .pipe(
      gatherTransactions({
        next: () => reached,
        context: () => ({ fold: new SpendFold(SETTINGS), schema: 'public', entities: new EntityLayer(entities) }),
        metadata: async () => new Map(),
        pause: () => undefined,
        poison: new PoisonWatch(),
      }),
    )
    .subscribe((piece) => {
      pieces.push(piece);
      if (piece.kind === 'transaction') reached = piece.endLsn;
    });
  for (const at of commits) {
    const commit = { commitLsn: lsnOf(at), commitTime: Date.now() };
    source.next({ kind: 'change', change: { kind: 'begin', ...commit } });
    source.next({ kind: 'change', change: spend() });
    source.next({ kind: 'change', change: { kind: 'commit', ...commit, endLsn: lsnOf(at + 48n) } });
  }
  return pieces;
}

describe('commits within one stream', () => {
  it('W10: one that goes back is counted by reason, and named with its position and that of the later one', () => {
    const pieces = gathered(100n, 0x100n, 0x200n, 0x180n, 0x300n);
    expect(pieces.map(({ kind }) => kind)).toEqual(['transaction', 'transaction', 'rejected', 'transaction']);
    const detail = 'the commit at 0/180 came after the one at 0/200';
    expect(pieces[2]).toMatchObject({ reason: 'commit_out_of_order', detail });
    const batch = new Batch(new AggregateState(SETTINGS).entities);
    for (const piece of pieces) batch.add(piece);
    const rejected = [...(batch.delta.counters.rows_rejected?.values() ?? [])];
    expect(rejected.map(({ labels, value }) => [labels, value])).toEqual([[['commit_out_of_order'], [1, 0]]]);
  });

  it('W3: what comes again after a reconnect, in its order, is a duplicate and nothing to be said', () => {
    const pieces = gathered(0x300n, 0x100n, 0x200n, 0x200n, 0x300n);
    expect(pieces.map(({ kind }) => kind)).toEqual(['duplicate', 'duplicate', 'duplicate', 'transaction']);
  });
});
