import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { type CommandLine, sizeOptions } from './command-line.js';
import type { ConnectionSettings } from './connection.js';
import { Run } from './run.js';
import { Simulator } from './simulator.js';
import { type WorldSize, worldSizes } from './world/sizes.js';

/** All that the program needs. */
export interface Simulation {
  readonly commandLine: CommandLine;
  readonly connection: ConnectionSettings;
  readonly signal: AbortSignal;
  readonly print: (line: string) => void;
}

const PROGRESS_MILLISECONDS = 5_000;

/** Does what the command line says, and prints how far it is every five seconds. @throws the failure of PostgreSQL that ended it. */
export async function simulate(simulation: Simulation): Promise<void> {
  const { commandLine, connection, print } = simulation;
  // A second connection more than there are writers, for transactions within transactions.
  const pool = new pg.Pool({ ...connection.client, max: commandLine.writers + 1 });
  pool.on('error', (error) => print(`an idle connection was lost: ${error.message}`));
  try {
    const simulator = new Simulator(pool, { ...commandLine, ...sizeAndSchema(simulation) });
    print(`database ${connection.shown}, schema ${simulator.database.schema}, seed ${commandLine.seed}`);
    await prepare(simulator, simulation);
    await drive(simulator, simulation);
  } finally {
    await pool.end();
  }
}

function sizeAndSchema({ commandLine, connection }: Simulation): {
  size: WorldSize;
  schema: string;
  partitionDays: number;
} {
  const size: WorldSize = { ...worldSizes[commandLine.size] };
  const own = Object.entries(sizeOptions).flatMap(([option, part]) => {
    const count = commandLine[option as keyof typeof sizeOptions];
    return count === undefined ? [] : [[part, count] as const];
  });
  return {
    size: { ...size, ...Object.fromEntries(own) },
    schema: commandLine.schema ?? connection.schema,
    partitionDays: Math.max(30, commandLine.historyDays),
  };
}

async function prepare(simulator: Simulator, { commandLine, signal, print }: Simulation): Promise<void> {
  if (commandLine.create) {
    await simulator.createTables();
    print(`tables of LiteLLM (${commandLine.shape}) made`);
  }
  print(`${await simulator.seedWorld()} entities written`);
  if (commandLine.historyRows === 0) return;
  let shown = 0;
  const { historyRows: rows, historyDays: days } = commandLine;
  const onProgress = (written: number): void => {
    if (performance.now() - shown < PROGRESS_MILLISECONDS) return;
    shown = performance.now();
    print(`history: ${number(written)} of ${number(rows)} rows`);
  };
  const history = await simulator.writeHistory({ rows, days, signal, onProgress });
  print(`history: ${number(history.rows)} rows of ${days} days in ${history.seconds.toFixed(1)} s`);
}

async function drive(simulator: Simulator, { commandLine, signal, print }: Simulation): Promise<void> {
  if (commandLine.rows === 0 || signal.aborted) return;
  const began = performance.now();
  const run = new Run(simulator, {
    ...commandLine,
    rows: commandLine.rows ?? Number.POSITIVE_INFINITY,
    signal,
    ...(commandLine.verbose ? { onStep: print } : {}),
  });
  const told = (): string => {
    const { rows, transactions, entityUpdates, steps } = run.totals;
    const rate = Math.round((rows / (performance.now() - began)) * 1_000);
    return `${number(rows)} rows (${number(rate)}/s), ${number(transactions)} transactions, ${number(entityUpdates)} entity updates, ${steps} steps`;
  };
  const ended = new AbortController();
  const reporting = report(() => print(told()), ended.signal);
  try {
    await run.toEnd();
  } finally {
    ended.abort();
    await reporting;
    print(`total: ${told()}`);
  }
}

async function report(tell: () => void, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sleep(PROGRESS_MILLISECONDS, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted) tell();
  }
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}
