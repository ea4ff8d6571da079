import { emptyRecord, type PairValue } from '@app/aggregates';
import { describe, expect, it } from '@jest/globals';
import { BaseChanges } from './base-changes.js';
import { BaseIndex } from './base-index.js';
import { memberContent } from './base-layout.js';
import { basePieces, settleIndex } from './base-pieces.js';

const MINUTE = 60_000;

function changesOf(pairs: readonly PairValue[]): BaseChanges {
  const changes = new BaseChanges();
  changes.add({ ...emptyRecord(1, 0), pairs: { requests: pairs } });
  return changes;
}

describe('pieces of a base', () => {
  it('hold no more fields than they may, and everything once', () => {
    const pairs = Array.from({ length: 1_000 }, (_, at): PairValue => [at + 1, MINUTE * (at % 7), 1]);
    const pieces = [...basePieces(changesOf(pairs), new BaseIndex(), 50)];
    const written = pieces.map((piece) => piece.filter(({ operation }) => operation === 'set'));
    const fields = written.map((operations) => operations.reduce((sum, { values }) => sum + values.length / 2, 0));
    expect(Math.max(...fields)).toBeLessThanOrEqual(100);
    expect(fields.reduce((sum, count) => sum + count)).toBe(1_000);
  });

  it('list a member in the piece that first writes it, and not again', () => {
    const index = new BaseIndex();
    const first = changesOf([[1, MINUTE, 1]]);
    expect([...basePieces(first, index, 1)].map((piece) => piece.map(({ operation }) => operation))).toEqual([
      ['add', 'set'],
    ]);
    settleIndex(first, index);
    const second = changesOf([[2, MINUTE, 1]]);
    expect([...basePieces(second, index, 1)].flat().map(({ operation }) => operation)).toEqual(['set']);
  });

  it('delete and unlist together what has left', () => {
    const index = new BaseIndex();
    settleIndex(
      changesOf([
        [1, MINUTE, 1],
        [9_000, MINUTE, 1],
        [1, 2 * MINUTE, 1],
      ]),
      index,
    );
    const edges = { S: 0, R: 2 * MINUTE, E: 0, K: 0, M: 0 };
    const changes = new BaseChanges();
    for (const member of index.expired(edges)) changes.remove(member);
    const [piece] = [...basePieces(changes, index, 10)];
    expect(piece?.map(({ operation }) => operation)).toEqual(['unlink', 'unlink', 'remove']);
    settleIndex(changes, index);
    expect([...index.members()].map((member) => memberContent(member))).toEqual([
      { content: 'pairs', window: 'R', bucket: 2 * MINUTE, firstId: 0 },
    ]);
    expect([...index.expired(edges)]).toEqual([]);
  });

  it('take of many records the last word on everything', () => {
    const changes = new BaseChanges();
    const counter = { kind: 'spend_usd', labels: ['m'] } as const;
    changes.add({ ...emptyRecord(1, 0), counters: [{ ...counter, value: [1, 0] }], dropped: [7] });
    changes.add({ ...emptyRecord(2, 0), ended: [counter], entities: [{ op: 'clear', table: 'team' }] });
    const operations = [...basePieces(changes, new BaseIndex(['e:team']), 10)].flat();
    expect(operations.map(({ operation, member }) => [operation, member])).toEqual([
      ['unlink', 'e:team'],
      ['remove', null],
      ['add', null],
      ['delete', 'd:0'],
      ['add', null],
      ['delete', 'counters'],
    ]);
  });
});
