import { setTimeout as pause } from 'node:timers/promises';
import type { Scenario } from '../scenario.js';
import { PATIENCE } from '../world/patience.js';
import { dropSlot } from '../world/postgres-acts.js';
import type { Replica } from '../world/replica.js';
import { awaitSlotThatWaits, openTransaction } from '../world/transactions.js';
import type { World } from '../world/world.js';

const first = (world: World): Replica => world.replicas[0] as Replica;
const inSeconds = (milliseconds: number): string => `${(milliseconds / 1_000).toFixed(2)} s`;

/** Fast stops of PostgreSQL at every stage: none may be held up by the exporter (W11). */
export const fastStopFaults: readonly Scenario[] = [
  {
    name: 'fast-stop-streaming',
    fault: 'fast stop of PostgreSQL while the exporter streams under load',
    form: 'full',
    needs: { rate: 400, replicas: 2 },
    within: 10,
    run: (world) => fastStop(world, 3),
  },
  {
    name: 'fast-stop-idle',
    fault: 'fast stop of PostgreSQL while nothing is written',
    form: 'full',
    needs: { plugin: 'pgoutput' },
    within: 10,
    run: async (world) => {
      await world.traffic.more(30);
      await world.traffic.stop();
      await pause(4_000);
      return fastStop(world, 2);
    },
  },
  {
    name: 'fast-stop-store-stuck',
    fault: 'fast stop of PostgreSQL while Redis does not answer',
    form: 'full',
    needs: {},
    within: 15,
    run: async (world) => {
      await world.traffic.more(30);
      first(world).links.redis.silence();
      await world.traffic.more(30);
      const stopping = world.postgres.stop('fast');
      const took = await stopping;
      await world.postgres.start();
      first(world).links.redis.heal();
      const since = performance.now();
      if (took > world.limit(12) * 1_000) throw new Error(`the stop took ${inSeconds(took)}`);
      return { recovery: await world.recovered(since), note: `the stop took ${inSeconds(took)}` };
    },
  },
  {
    name: 'fast-stop-transaction',
    fault: 'fast stop of PostgreSQL in the middle of a transaction of 100,000 rows',
    form: 'full',
    needs: { rate: 20, failpoint: { name: 'row-decoded', pass: 30_000, action: 'stop' } },
    within: 60,
    run: async (world) => {
      await world.traffic.writeMany(100_000);
      const held = first(world).process;
      await held.awaitLog(/failpoint/, PATIENCE);
      const stopping = fastStop(world, 9);
      setTimeout(() => held.signal('SIGCONT'), 1_000);
      return stopping;
    },
  },
  {
    name: 'fast-stop-slot-waits',
    fault: 'fast stop of PostgreSQL while the new slot waits for the end of a transaction',
    form: 'full',
    needs: { plugin: 'pgoutput' },
    within: 20,
    seeds: ['slot_absent'],
    run: async (world) => {
      await world.traffic.more(30);
      await first(world).kill();
      await world.traffic.stop();
      await dropSlot(world);
      const open = await openTransaction(world);
      await first(world).launch();
      await awaitSlotThatWaits(world);
      const happening = await fastStop(world, 3);
      await open.end().catch(() => {});
      return happening;
    },
  },
  ...(['seed-begun', 'before-replace', 'after-replace', 'after-claim'] as const).map(
    (name): Scenario => ({
      name: `fast-stop-${name}`,
      fault: `fast stop of PostgreSQL during a new seed, the exporter waiting ${name.replace('-', ' ')}`,
      form: 'full',
      needs: {},
      within: 20,
      seeds: [['slot_absent'], ['state_behind_slot'], ['slot_absent', 'state_behind_slot']],
      run: async (world) => {
        await world.traffic.more(30);
        await first(world).kill();
        await dropSlot(world);
        const action = name === 'seed-begun' ? 'stop' : 'wait-6000';
        const held = await first(world).launch({ name, pass: 1, action });
        await held.awaitLog(/failpoint/, PATIENCE);
        const stopping = fastStop(world, action === 'stop' ? 9 : 3);
        if (action === 'stop') setTimeout(() => held.signal('SIGCONT'), 3_000);
        return stopping;
      },
    }),
  ),
];

async function fastStop(world: World, limit: number) {
  const took = await world.postgres.stop('fast');
  await pause(500);
  await world.postgres.start();
  const since = performance.now();
  const most = world.limit(limit) * 1_000;
  if (took > most) throw new Error(`the stop took ${inSeconds(took)}, not ${inSeconds(most)}`);
  return { recovery: await world.recovered(since), note: `the stop took ${inSeconds(took)}` };
}
