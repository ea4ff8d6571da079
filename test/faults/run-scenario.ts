import type { Scenario } from './scenario.js';
import { figureOf, seedsBetween, seriesOf } from './world/self-metrics.js';
import { World } from './world/world.js';

/** One row of the table in docs/RELIABILITY.md, and what went wrong. */
export interface Result {
  readonly name: string;
  readonly fault: string;
  /** What was to be seen of it, in words. */
  readonly happened: string;
  /** Seconds. */
  readonly recovery: number;
  readonly rows: number;
  readonly rowsLost: number;
  readonly rowsDoubled: number;
  /** Names and versions of the servers. */
  readonly servers: string;
  /** Why the scenario has failed; empty where it has not. */
  readonly faults: readonly string[];
  /** The last lines of the exporters, where it has failed. */
  readonly logs: string;
}

/** Seconds of traffic after a recovery: what a fault has broken may show only in what comes later. */
const AFTERMATH_ROWS = 60;

/** Runs one scenario in a world of its own, its limits of time multiplied by `patience`. Never rejects. */
export async function runScenario(scenario: Scenario, patience = 1): Promise<Result> {
  try {
    await using world = await World.open(scenario.needs, patience);
    return await play(scenario, world);
  } catch (error) {
    const { name, fault } = scenario;
    const nothing = { happened: '', recovery: Number.NaN, rows: 0, rowsLost: Number.NaN, rowsDoubled: Number.NaN };
    return { name, fault, ...nothing, servers: '', faults: [`no world: ${wordsOf(error)}`], logs: '' };
  }
}

async function play(scenario: Scenario, world: World): Promise<Result> {
  const servers = await describeServers(world);
  const before = await newestAnswer(world);
  const found = { happened: '', recovery: Number.NaN, rowsLost: Number.NaN, rowsDoubled: Number.NaN };
  const faults: string[] = [];
  try {
    const { recovery, note } = await scenario.run(world);
    found.recovery = recovery;
    const limit = world.limit(scenario.within);
    if (recovery > limit) faults.push(`recovery took ${recovery.toFixed(1)} s, not ${limit.toFixed(1)} s`);
    world.traffic.start();
    await world.traffic.more(AFTERMATH_ROWS);
    const { rowsLost, rowsDoubled, faults: differences } = await world.judge();
    Object.assign(found, { rowsLost, rowsDoubled });
    faults.push(...differences);
    await world.watch.stop();
    faults.push(...world.watch.faults);
    const after = await newestAnswer(world);
    const seeds = seedsBetween(before, after);
    if (!expected(scenario, seeds)) faults.push(`seeds: ${seeds.join(', ') || 'none'}`);
    found.happened = [note, ...observed(world, [before, after], seeds)].filter(Boolean).join('; ');
  } catch (error) {
    faults.push(wordsOf(error));
  }
  const logs = faults.length === 0 ? '' : world.logs();
  return { name: scenario.name, fault: scenario.fault, ...found, rows: world.traffic.rows, servers, faults, logs };
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function expected({ seeds = [] }: Scenario, found: readonly string[]): boolean {
  const lists = (seeds.some(Array.isArray) ? seeds : [seeds]) as readonly (readonly string[])[];
  const sorted = (list: readonly string[]): string => [...list].sort().join();
  return lists.some((list) => sorted(list) === sorted(found));
}

/** The answer of the exporter whose state is the newest; empty where none has been started. */
async function newestAnswer(world: World): Promise<string> {
  const running = world.replicas.filter(({ running }) => running);
  const texts = await Promise.all(running.map((replica) => replica.text().catch(() => '')));
  const version = (text: string): number => figureOf(text, 'litellm_exporter_state_version') ?? -1;
  return texts.sort((one, other) => version(other) - version(one))[0] ?? '';
}

function observed(world: World, [before, after]: readonly [string, string], seeds: readonly string[]): string[] {
  const dropped = (text: string): number =>
    seriesOf(text, 'litellm_exporter_duplicates_dropped_total').get('') ??
    figureOf(text, 'litellm_exporter_duplicates_dropped_total') ??
    0;
  const again = dropped(after) - dropped(before);
  const { answers, dark } = world.watch;
  return [
    seeds.length === 0 ? 'streaming went on from the checkpoint' : `seeded anew: ${seeds.join(', ')}`,
    again > 0 ? `${again} transactions came again and were passed over` : '',
    world.traffic.failures > 0 ? `LiteLLM could not write ${world.traffic.failures} times` : '',
    dark > 0 ? `${dark} of ${answers + dark} answers without the state` : '',
  ];
}

async function describeServers(world: World): Promise<string> {
  const [postgres] = world.postgres.version.split(' ');
  return `PostgreSQL ${postgres} (${world.plugin}), ${await world.redisVersion()}`;
}
