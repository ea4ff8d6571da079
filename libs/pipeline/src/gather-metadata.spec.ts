import { AggregateState, EntityLayer, type FoldContext, SpendFold } from '@app/aggregates';
import { type Change, lsnOf } from '@app/change';
import type { MetadataFacts, SpendLogKey } from '@app/litellm';
import { describe, expect, it } from '@jest/globals';
import { Subject } from 'rxjs';
import { insert } from '../../../test/support/fake-postgres.js';
import { SETTINGS, spend } from '../../../test/support/given-pipeline.js';
import { gatherTransactions } from './gather-transactions.js';
import type { Piece } from './piece.js';
import { PoisonWatch } from './poison-watch.js';
import type { StreamEvent } from './stream-event.js';

const entities = new EntityLayer(new AggregateState(SETTINGS).entities);
const CONTEXT: FoldContext = { fold: new SpendFold(SETTINGS), schema: 'public', entities };

/** A gathering whose readings of metadata the spec answers when it likes. */
function gathering() {
  const source = new Subject<StreamEvent>();
  const given = {
    pieces: [] as Piece[],
    pauses: [] as boolean[],
    /** Ids that each reading has asked for. */
    asked: [] as string[][],
    answers: [] as (() => void)[],
    context: () => CONTEXT,
    send: (...changes: Change[]) => {
      for (const change of changes) source.next({ kind: 'change', change });
    },
    answer: async (reading: number) => {
      given.answers[reading]?.();
      await new Promise(setImmediate);
    },
    ends: () => given.pieces.map((piece) => (piece.kind === 'transaction' ? Number(piece.endLsn) : piece.kind)),
  };
  const metadata = (rows: readonly SpendLogKey[]) => {
    given.asked.push(rows.map(({ requestId }) => requestId));
    return new Promise<ReadonlyMap<string, MetadataFacts>>((resolve) => given.answers.push(() => resolve(new Map())));
  };
  const options = { metadata, next: () => lsnOf(0n), context: () => given.context(), poison: new PoisonWatch() };
  const pause = (paused: boolean) => given.pauses.push(paused);
  source.pipe(gatherTransactions({ ...options, pause })).subscribe((piece) => given.pieces.push(piece));
  return given;
}

function transaction(at: number, ...rows: Change[]): Change[] {
  const commit = { commitLsn: lsnOf(BigInt(at)), commitTime: Date.now() };
  return [{ kind: 'begin', ...commit }, ...rows, { kind: 'commit', ...commit, endLsn: lsnOf(BigInt(at + 1)) }];
}

function failure(requestId: string): Change {
  return spend({ status: 'failure', metadata: undefined, request_id: requestId });
}

describe('gathering while metadata is being read', () => {
  it('asks for the rows of all transactions that came meanwhile in one go', async () => {
    const given = gathering();
    for (const at of [1, 2, 3]) given.send(...transaction(at, failure(`r${at}`)));
    await given.answer(0);
    expect(given.asked).toEqual([['r1'], ['r2', 'r3']]);
    expect(given.ends()).toEqual([2]);
    await given.answer(1);
    expect(given.ends()).toEqual([2, 3, 4]);
    expect(given.pauses).toEqual([]);
  });

  it('holds the socket once a transaction waits that changes entities: the next one folds with them', async () => {
    const given = gathering();
    given.send(...transaction(1, failure('r1')));
    given.send(...transaction(2, insert('team', { team_id: 't', team_alias: 'new' })));
    expect(given.pauses).toEqual([true]);
    const seen: number[] = [];
    given.context = () => {
      seen.push(given.pieces.length);
      return CONTEXT;
    };
    // What was on its way already is not even begun.
    given.send(...transaction(3, spend()));
    expect(seen).toEqual([]);
    await given.answer(0);
    expect(seen).toEqual([2]);
    expect(given.ends()).toEqual([2, 3, 4]);
    expect(given.pauses).toEqual([true, false]);
  });

  it('W9: holds the socket once the rows that wait are many', async () => {
    const given = gathering();
    given.send(...transaction(1, failure('r1')));
    given.send(...transaction(2, ...Array.from({ length: 20_000 }, () => spend())));
    expect(given.pauses).toEqual([true]);
    await given.answer(0);
    expect(given.pauses).toEqual([true, false]);
    expect(given.ends()).toEqual([2, 3]);
  });
});
