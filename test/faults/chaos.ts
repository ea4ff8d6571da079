// npm run test:chaos [-- --seed <number>] [-- --minutes <number>]
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type ChaosAct, type ChaosWorld, chaosActs } from './chaos-acts.js';
import { Dice } from './dice.js';
import { PATIENCE } from './world/patience.js';
import { World } from './world/world.js';

const help = `npm run test:chaos [-- --seed <number>] [-- --minutes <number>]

Faults in a random order against three exporters, PostgreSQL and Redis with traffic running; every few of them the traffic
rests and every family of every exporter is compared with SQL. One seed gives one schedule.

  --seed     names the schedule; drawn where it is not given
  --minutes  how long; 5`;

/** Faults between two comparisons. */
const ACTS = 4;

async function round(world: ChaosWorld, dice: Dice, since: number): Promise<void> {
  for (let count = 0; count < ACTS; count += 1) {
    const act = dice.weighted<ChaosAct>(
      chaosActs.filter(({ allowed = () => true }) => allowed(world)).map((it) => [it.weight, it]),
    );
    const drawn = dice.fork();
    const wait = dice.between(200, 3_000);
    console.log(`${((performance.now() - since) / 1_000).toFixed(1).padStart(7)} s  ${act.name}`);
    await act.run(world, drawn);
    await pause(wait);
  }
  for (const replica of world.replicas) if (!replica.running) await replica.launch();
  const began = performance.now();
  await world.recovered(began, PATIENCE);
  for (const replica of world.replicas) await replica.process.awaitReady(PATIENCE);
  const { rowsLost, rowsDoubled, faults } = await world.judge();
  const took = ((performance.now() - began) / 1_000).toFixed(1);
  console.log(
    `${' '.repeat(11)}quiet after ${took} s: ${world.traffic.rows} rows, ${rowsLost} lost, ${rowsDoubled} doubled`,
  );
  if (faults.length > 0) throw new Error(faults.join('\n'));
  if (world.watch.faults.length > 0) throw new Error(`answers went back:\n${world.watch.faults.join('\n')}`);
  world.traffic.start();
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { seed: { type: 'string' }, minutes: { type: 'string', default: '5' }, help: { type: 'boolean' } },
  });
  if (values.help === true) return console.log(help);
  const seed = Number(values.seed ?? Date.now() % 1_000_000);
  const minutes = Number(values.minutes);
  console.log(`npm run test:chaos -- --seed ${seed} --minutes ${minutes}`);
  await using world = await World.open({ replicas: 3, rate: 150 });
  const dice = new Dice(seed);
  const since = performance.now();
  try {
    while (performance.now() - since < minutes * 60_000) await round(world, dice, since);
    console.log(`passed; seed ${seed}`);
  } catch (error) {
    console.log(`FAILED; seed ${seed}\n${error instanceof Error ? error.stack : error}\n\n${world.logs()}`);
    process.exitCode = 1;
  }
}

await main();
// A socket that a fault left open must not keep the run from its end.
process.exit();
