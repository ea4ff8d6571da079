import type { AggregateState } from '@app/aggregates';
import { Supervisor } from '@app/pipeline';
import type { PostgresOptions } from '@app/postgres';
import { MemoryStateStore } from '@app/store';
import { awaitUntil } from './await-until.js';
import { counted, IMPATIENT, SETTINGS } from './given-pipeline.js';
import { type GivenUpstream, givenUpstream } from './given-upstream.js';
import type { LitellmShape } from './litellm-tables.js';
import type { PostgresServer } from './postgres-contract.js';
import { Told } from './told.js';

/** A pipeline over a real server, its state in memory and its slot one that stays. */
export async function realPipeline(server: PostgresServer, changes: Partial<PostgresOptions>, shape?: LitellmShape) {
  const given = await givenUpstream(server, changes, shape);
  return runPipeline(given);
}

/** The same over a database that is there already, which is dropped with it. */
export function runPipeline(given: GivenUpstream) {
  const [store, told, stopping] = [new MemoryStateStore(), new Told(), new AbortController()];
  const work = { upstream: given.upstream(), store, observer: told, settings: SETTINGS, pacing: IMPATIENT };
  const running = new Supervisor({ ...work, updateInterval: 100, maxRetainedBytes: 0 }).run(stopping.signal);
  const open = () => told.of('connected').at(-1)?.[0] === true;
  return {
    sql: given.sql,
    told,
    get state() {
      return store.state as AggregateState;
    },
    streaming: () => awaitUntil(open, { timeout: 30_000, what: 'an open stream' }),
    seeds: (reason: string) => (store.state === null ? 0 : counted(store.state as AggregateState, 'seeds', reason)),
    team: (id: string) => [...(store.state?.entities.all('team') ?? [])].find(({ teamId }) => teamId === id),
    /** Rows of the spend logs in the window of requests. */
    requests: () => {
      const state = store.state as AggregateState | null;
      return state === null ? 0 : [...state.series('requests')].reduce((sum, series) => sum + series.rows, 0);
    },
    tags: () => [...(store.state?.entities.all('tag') ?? [])].map(({ tagName }) => tagName),
    [Symbol.asyncDispose]: async () => {
      stopping.abort();
      await running;
      await given[Symbol.asyncDispose]();
    },
  };
}
