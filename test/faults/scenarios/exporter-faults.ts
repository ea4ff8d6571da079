import { setTimeout as pause } from 'node:timers/promises';
import type { FailpointName } from '../failpoints/failpoint.js';
import type { Scenario } from '../scenario.js';
import { dropSlot } from '../world/postgres-acts.js';
import type { Replica } from '../world/replica.js';
import type { World } from '../world/world.js';

const first = (world: World): Replica => world.replicas[0] as Replica;

/** When the program has come by so often, there has been traffic for a second or two. */
const streaming: Readonly<Partial<Record<FailpointName, number>>> = {
  'row-decoded': 153,
  'commit-decoded': 30,
  'before-store': 25,
  'after-store': 25,
  'before-durable': 8,
  'after-durable': 8,
  'before-confirm': 4,
  'after-confirm': 4,
};

const inStream = Object.entries(streaming).map(
  ([name, pass]): Scenario => ({
    name: `exporter-killed-${name}`,
    fault: `kill -9 of the exporter ${name.replace('-', ' ')}`,
    form: name === 'after-store' ? 'short' : 'full',
    needs: { failpoint: { name: name as FailpointName, pass, action: 'kill' } },
    within: 10,
    run: async (world) => {
      const replica = first(world);
      await replica.process.ended;
      await world.traffic.more(20);
      const since = performance.now();
      await replica.start();
      return { recovery: await world.recovered(since) };
    },
  }),
);

const seedPoints: readonly (readonly [FailpointName, readonly (readonly string[])[]])[] = [
  ['before-claim', [['slot_absent']]],
  ['after-claim', [['slot_absent']]],
  ['seed-begun', [['slot_absent'], ['state_behind_slot']]],
  ['slice-read', [['slot_absent'], ['state_behind_slot']]],
  ['before-replace', [['slot_absent'], ['state_behind_slot']]],
  ['after-replace', [['slot_absent']]],
];

/** The slot goes while no exporter runs, so that the next one seeds, and dies in it. */
const inSeed = seedPoints.map(
  ([name, seeds]): Scenario => ({
    name: `exporter-killed-in-seed-${name}`,
    fault: `kill -9 of the exporter during a new seed, ${name.replace('-', ' ')}`,
    form: 'full',
    needs: {},
    within: 15,
    seeds,
    run: async (world) => {
      const replica = first(world);
      await world.traffic.more(50);
      await replica.kill();
      await dropSlot(world);
      const doomed = await replica.launch({ name, pass: 1, action: 'kill' });
      await doomed.ended;
      await world.traffic.more(20);
      const since = performance.now();
      await replica.start();
      return { recovery: await world.recovered(since) };
    },
  }),
);

/** Faults of the exporter itself. */
export const exporterFaults: readonly Scenario[] = [
  ...inStream,
  ...inSeed,
  {
    name: 'exporter-killed-at-random',
    fault: 'kill -9 of the exporter eight times at random moments, under load',
    form: 'full',
    needs: { rate: 400 },
    within: 10,
    run: async (world) => {
      const replica = first(world);
      for (let count = 0; count < 8; count += 1) {
        await pause(Math.random() * 800);
        await replica.kill();
        await replica.launch();
        await pause(Math.random() * 1_500);
      }
      const since = performance.now();
      return { recovery: await world.recovered(since) };
    },
  },
  {
    name: 'exporter-stopped',
    fault: 'SIGTERM under load, and a new process',
    form: 'short',
    needs: { rate: 400, plugin: 'pgoutput' },
    within: 10,
    run: async (world) => {
      const replica = first(world);
      await world.traffic.more(200);
      const took = await replica.stop();
      await world.traffic.more(50);
      const since = performance.now();
      await replica.start();
      return {
        recovery: await world.recovered(since),
        note: `drained and ended with 0 in ${(took / 1_000).toFixed(2)} s`,
      };
    },
  },
];
