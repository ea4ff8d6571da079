import { TransactionFold } from '@app/aggregates';
import { type Change, type Lsn, lsnOf } from '@app/change';
import { describe, expect, it } from '@jest/globals';
import { awaitUntil } from '../../../test/support/await-until.js';
import { insert } from '../../../test/support/fake-postgres.js';
import { spend } from '../../../test/support/given-pipeline.js';
import { seededStore } from '../../../test/support/seeded-store.js';
import { Told } from '../../../test/support/told.js';
import { Writer } from './writer.js';

async function givenWriter() {
  const seeded = await seededStore();
  const writer = new Writer(seeded.store, new Told());
  const stored: Lsn[] = [];
  writer.stored.subscribe(({ next }) => stored.push(next));
  writer.attach(seeded.claim);
  const commit = (...changes: Change[]): Lsn => {
    const [commitLsn, commitTime] = [lsnOf(writer.next + 48n), Date.now()];
    const fold = new TransactionFold(writer.context(), { kind: 'begin', commitLsn, commitTime });
    for (const change of changes) fold.add(change as Parameters<TransactionFold['add']>[0]);
    const endLsn = lsnOf(commitLsn + 48n);
    const transaction = { folded: fold.finish(), commitLsn, endLsn, commitTime, changes: changes.length };
    writer.take({ kind: 'transaction', ...transaction });
    return endLsn;
  };
  const underWay = () => awaitUntil(() => writer.stepUnderWay !== null, { interval: 1, what: 'a step under way' });
  const settled = () => awaitUntil(() => writer.idle, { interval: 1, what: 'an idle writer' });
  return { seeded, state: seeded.state, writer, stored, commit, underWay, settled };
}

function keys(many: number): Change[] {
  return Array.from({ length: many }, (_, at) => insert('key', { token: `${at}`, spend: 0 }));
}

describe('a writer with large transactions', () => {
  it('W9: is full when many operations on entities wait behind a step under way, too', async () => {
    const one = await givenWriter();
    let letGo: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    one.seeded.store.reach = (point) => (point === 'store' ? held : undefined);
    one.commit(spend());
    await one.underWay();
    one.commit(...keys(50_001));
    expect(one.writer.full).toBe(true);
    letGo();
    await one.settled();
    expect(one.writer.full).toBe(false);
    expect(one.state.entities.count('key')).toBe(50_001);
  });

  it('W3, W9: a large transaction is made a step of over several turns, and what comes meanwhile goes into the next', async () => {
    const one = await givenWriter();
    const large = one.commit(...keys(50_000));
    await one.underWay();
    expect(one.seeded.store.steps).toEqual([]);
    const small = one.commit(insert('team', { team_id: 't', spend: 0 }));
    expect(one.writer.context().entities.get('key', '7')).toBeDefined();
    await one.settled();
    expect(one.stored).toEqual([large, small]);
    expect(one.state.entities.count('key')).toBe(50_000);
    expect(one.state.entities.count('team')).toBe(1);
  });

  it('W4: of a step that is still being made when its claim ends, nothing is stored', async () => {
    const one = await givenWriter();
    one.commit(...keys(50_000));
    await one.underWay();
    const { version } = one.state;
    await one.writer.detach();
    expect(one.seeded.store.steps).toEqual([]);
    expect([one.state.version, one.state.entities.count('key')]).toEqual([version, 0]);
    one.writer.attach(one.seeded.claim);
    expect(one.writer.context().entities.get('key', '7')).toBeUndefined();
    const end = one.commit(spend());
    await one.settled();
    expect(one.stored).toEqual([end]);
  });
});
