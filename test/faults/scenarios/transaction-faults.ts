import type { Scenario } from '../scenario.js';
import { PATIENCE } from '../world/patience.js';
import { dropSlot, terminate } from '../world/postgres-acts.js';
import type { Replica } from '../world/replica.js';
import { awaitSlotThatWaits, openRow, openTransaction } from '../world/transactions.js';
import type { World } from '../world/world.js';

const first = (world: World): Replica => world.replicas[0] as Replica;

const large = (rows: number, form: 'full' | 'long', plugin: 'wal2json' | 'pgoutput'): Scenario => ({
  name: `transaction-${rows}-${plugin}`,
  fault: `a transaction of ${rows.toLocaleString('en')} rows (${plugin}), and kill -9 of the exporter in the middle of it`,
  form,
  needs: { failpoint: { name: 'row-decoded', pass: Math.round(rows * 0.6), action: 'kill' }, rate: 20, plugin },
  within: form === 'long' ? 600 : 150,
  run: async (world) => {
    await world.traffic.writeMany(rows);
    await first(world).process.ended;
    const since = performance.now();
    await first(world).start();
    return { recovery: await world.recovered(since, 600_000) };
  },
});

/** Transactions that are hard by themselves. */
export const transactionFaults: readonly Scenario[] = [
  {
    name: 'commits-adjacent',
    fault: 'commits that lie next to each other in the WAL, with the walsender terminated between them',
    form: 'short',
    needs: { rate: 20 },
    within: 10,
    run: async (world) => {
      for (let count = 0; count < 40; count += 1) {
        const pair = [await openRow(world), await openRow(world)];
        await world.traffic.exclusively(() => Promise.all(pair.map((client) => client.query('COMMIT'))));
        for (const client of pair) await client.end();
        if (count % 8 === 7) await terminate(world, 'walsender');
      }
      const since = performance.now();
      return { recovery: await world.recovered(since) };
    },
  },
  {
    name: 'commit-at-consistent-point',
    fault: "a commit exactly at the new slot's consistent point, which the snapshot of the seed doesn't see",
    form: 'full',
    needs: { rate: 20 },
    within: 20,
    seeds: ['slot_absent'],
    run: async (world) => {
      await world.traffic.more(10);
      await first(world).kill();
      await world.traffic.stop();
      await dropSlot(world);
      const one = await openTransaction(world);
      const doomed = await first(world).launch();
      await awaitSlotThatWaits(world);
      const two = await openTransaction(world);
      await one.query('COMMIT');
      await awaitSlotThatWaits(world);
      const row = await openRow(world);
      // The slot is ready at the end of WAL that it finds when the second one ends; the row's commit is the very next record.
      await two.query('COMMIT');
      await row.query('COMMIT');
      const since = performance.now();
      await doomed.awaitReady(PATIENCE);
      world.traffic.start();
      const recovery = await world.recovered(since);
      await Promise.all([one.end(), two.end(), row.end()]);
      return { recovery };
    },
  },
  large(300_000, 'full', 'wal2json'),
  large(2_000_000, 'long', 'wal2json'),
  large(2_000_000, 'long', 'pgoutput'),
  {
    name: 'transactions-1000000',
    fault: '1,000,000 transactions of one row, written while the exporter was away, and kill -9 in the middle of them',
    form: 'long',
    needs: { rate: 20 },
    within: 600,
    run: async (world) => {
      await world.traffic.more(20);
      await first(world).kill();
      await world.traffic.writeSingly(1_000_000);
      const doomed = await first(world).launch({ name: 'commit-decoded', pass: 500_000, action: 'kill' });
      await doomed.ended;
      const since = performance.now();
      await first(world).start();
      return { recovery: await world.recovered(since, 600_000) };
    },
  },
  {
    name: 'row-50-mb',
    fault: 'a row of 50 MB in the middle of the traffic',
    form: 'long',
    needs: { rate: 20 },
    within: 120,
    run: async (world) => {
      const content = Array.from({ length: 50 }, (_, index) => String(index % 10).repeat(1 << 20));
      await world.traffic.write(1, { messages: [{ role: 'user', content: content.join('') }] });
      const since = performance.now();
      return { recovery: await world.recovered(since) };
    },
  },
];
