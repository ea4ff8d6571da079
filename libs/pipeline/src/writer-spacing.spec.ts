import { setTimeout as pause } from 'node:timers/promises';
import { TransactionFold } from '@app/aggregates';
import { type InsertChange, lsnOf } from '@app/change';
import { expect, it } from '@jest/globals';
import { awaitUntil } from '../../../test/support/await-until.js';
import { read, spend } from '../../../test/support/given-pipeline.js';
import { seededStore } from '../../../test/support/seeded-store.js';
import { Told } from '../../../test/support/told.js';
import { Writer } from './writer.js';

it('W9: rows that come one by one share steps, so that no replica has as many steps to read as there are rows', async () => {
  const seeded = await seededStore();
  const writer = new Writer(seeded.store, new Told());
  let steps = 0;
  writer.stored.subscribe(() => {
    steps += 1;
  });
  writer.attach(seeded.claim);
  const began = Date.now();
  let rows = 0;
  while (Date.now() - began < 250) {
    rows += 1;
    const [commitLsn, commitTime] = [lsnOf(100n + BigInt(rows) * 48n), Date.now()];
    const fold = new TransactionFold(writer.context(), { kind: 'begin', commitLsn, commitTime });
    fold.add(spend() as InsertChange);
    const endLsn = lsnOf(commitLsn + 48n);
    writer.take({ kind: 'transaction', folded: fold.finish(), commitLsn, endLsn, commitTime, changes: 1 });
    await pause(1);
  }
  await awaitUntil(() => writer.idle, { interval: 1, what: 'an idle writer' });
  // 10 ms apart, and two more for timers that come early.
  expect(steps).toBeLessThanOrEqual((Date.now() - began) / 8 + 2);
  expect(read(seeded.state, 'spend_by_model', 'gpt-5')?.rows).toBe(rows);
});
