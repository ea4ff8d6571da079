import { setTimeout as pause } from 'node:timers/promises';
import type { Dice } from './dice.js';
import { askRedis } from './world/ask-redis.js';
import { dropSlot, terminate } from './world/postgres-acts.js';
import type { Replica } from './world/replica.js';
import type { World } from './world/world.js';

/** What chaos happens to. */
export type ChaosWorld = World;

/** One random fault. It ends its own faults of servers and links; exporters that it killed are started by it or at the next rest. */
export interface ChaosAct {
  readonly name: string;
  readonly weight: number;
  readonly allowed?: (world: ChaosWorld) => boolean;
  run(world: ChaosWorld, dice: Dice): Promise<unknown>;
}

/** New seeds that a run may ask for: each waits longer than the one before. */
const MOST_SEEDS = 3;
const seeds = new WeakMap<ChaosWorld, number>();
const maySeed = (world: ChaosWorld): boolean => (seeds.get(world) ?? 0) < MOST_SEEDS;
const countSeed = (world: ChaosWorld): void => void seeds.set(world, (seeds.get(world) ?? 0) + 1);

const anyRunning = (world: ChaosWorld, dice: Dice): Replica =>
  dice.pick(world.replicas.filter(({ running }) => running));
/** The last one stays: with it the newest state would go that anybody has seen. */
const severalRun = ({ replicas }: ChaosWorld): boolean => replicas.filter(({ running }) => running).length > 1;

/** Everything that chaos knows. */
export const chaosActs: readonly ChaosAct[] = [
  {
    name: 'kill -9 of an exporter, and a new one',
    weight: 6,
    run: async (world, dice) => {
      const replica = anyRunning(world, dice);
      await replica.kill();
      await pause(dice.between(0, 2_000));
      await replica.launch();
    },
  },
  {
    name: 'kill -9 of an exporter',
    weight: 3,
    allowed: severalRun,
    run: (world, dice) => anyRunning(world, dice).kill(),
  },
  {
    name: 'SIGTERM to an exporter, and a new one',
    weight: 4,
    run: async (world, dice) => {
      const replica = anyRunning(world, dice);
      await replica.stop();
      await replica.launch();
    },
  },
  {
    name: 'SIGSTOP of an exporter for a while',
    weight: 4,
    run: async (world, dice) => {
      const replica = anyRunning(world, dice);
      replica.process.signal('SIGSTOP');
      await pause(dice.between(500, 9_000));
      replica.process.signal('SIGCONT');
    },
  },
  { name: 'the walsender terminated', weight: 4, run: (world) => terminate(world, 'walsender') },
  { name: 'ordinary connections terminated', weight: 3, run: (world) => terminate(world, 'client backend') },
  {
    name: 'PostgreSQL crashes',
    weight: 3,
    run: async (world, dice) => {
      await world.postgres.stop('immediate');
      await pause(dice.between(0, 2_000));
      await world.postgres.start();
    },
  },
  {
    name: 'fast stop of PostgreSQL',
    weight: 3,
    run: async (world, dice) => {
      const took = await world.postgres.stop('fast');
      if (took > world.limit(12) * 1_000) throw new Error(`the stop took ${took} ms`);
      await pause(dice.between(0, 2_000));
      await world.postgres.start();
    },
  },
  {
    name: 'the slot is dropped',
    weight: 1,
    allowed: maySeed,
    run: async (world) => {
      countSeed(world);
      await dropSlot(world);
    },
  },
  {
    name: 'Redis killed',
    weight: 3,
    run: async (world, dice) => {
      await world.redis.stop('SIGKILL');
      await pause(dice.between(0, 3_000));
      await world.redis.restart();
    },
  },
  {
    name: 'SIGSTOP of Redis for a while',
    weight: 3,
    run: async (world, dice) => {
      world.redis.signal('SIGSTOP');
      await pause(dice.between(500, 14_000));
      world.redis.signal('SIGCONT');
    },
  },
  {
    name: 'FLUSHALL',
    weight: 1,
    allowed: maySeed,
    run: async (world) => {
      countSeed(world);
      await askRedis(world.redis, (client) => client.flushall());
    },
  },
  {
    name: 'every connection of an exporter reset',
    weight: 4,
    run: async (world, dice) => {
      const { links } = anyRunning(world, dice);
      links.postgres.cut();
      links.redis.cut();
    },
  },
  {
    name: 'nothing passes on a link of an exporter for a while',
    weight: 4,
    run: async (world, dice) => {
      const { links } = anyRunning(world, dice);
      const link = dice.pick([links.postgres, links.redis]);
      link.silence();
      await pause(dice.between(500, 14_000));
      link.heal();
    },
  },
  {
    name: 'a slow link for a while',
    weight: 2,
    run: async (world, dice) => {
      const { links } = anyRunning(world, dice);
      const link = dice.pick([links.postgres, links.redis]);
      link.shape({ latency: dice.between(5, 200) });
      await pause(dice.between(1_000, 5_000));
      link.shape({});
    },
  },
  {
    name: 'a transaction of some thousand rows',
    weight: 2,
    run: (world, dice) => world.traffic.write(Math.round(dice.between(1_000, 6_000))).catch(() => {}),
  },
];
