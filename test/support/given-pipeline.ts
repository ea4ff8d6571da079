import { type AggregateSettings, type AggregateState, Delta, type Folded, type StateStore } from '@app/aggregates';
import type { Change, Row } from '@app/change';
import { type Pacing, Supervisor } from '@app/pipeline';
import { MemoryStateStore } from '@app/store';
import { awaitUntil } from './await-until.js';
import { type FakePostgres, insert } from './fake-postgres.js';
import { FakeUpstream, type FakeUpstreamOptions } from './fake-upstream.js';
import { FaultyStore } from './faulty-store.js';
import { Told } from './told.js';

const HOUR = 3_600_000;

/** Settings as they are where nobody sets any. */
export const SETTINGS: AggregateSettings = {
  windows: { spend: 30 * 24 * HOUR, request: 24 * HOUR, error: HOUR },
  durationBuckets: [0.5, 1],
  ttftBuckets: [0.1],
  tagExclude: /^User-Agent: /,
  rowMaxAge: 24 * HOUR,
  maxSeries: 0,
};

/** No waiting: a spec is over before a real pause has passed. */
export const IMPATIENT: Pacing = { retry: () => ({ pause: 1, operator: false }), seed: () => 0 };

let requests = 0;

/** A row of the spend logs with what the tables demand, a success of now. */
export function spendRow(facts: Row = {}): Row {
  requests += 1;
  const time = new Date().toISOString();
  return {
    request_id: `request-${requests}`,
    api_key: 'key-1',
    model: 'gpt-5',
    spend: 1,
    total_tokens: 3,
    prompt_tokens: 2,
    completion_tokens: 1,
    startTime: time,
    endTime: time,
    status: 'success',
    metadata: '{}',
    ...facts,
  };
}

/** An insert of {@link spendRow}. */
export function spend(facts: Row = {}): Change {
  return insert('spend_logs', spendRow(facts));
}

/** A running pipeline between a fake server and a store. */
export interface GivenPipeline extends AsyncDisposable {
  readonly upstream: FakeUpstream;
  readonly store: FaultyStore;
  readonly told: Told;
  readonly supervisor: Supervisor;
  /** The state that is served. */
  readonly state: AggregateState;
  /** Waits until the state holds all that was committed, and the server has heard of it. */
  caughtUp(): Promise<void>;
  /** Waits until a stream is open that belongs to the newest session. */
  streaming(sessions?: number): Promise<void>;
  stop(): Promise<void>;
}

/** What may differ from one pipeline to the next. */
export interface PipelineWish extends FakeUpstreamOptions {
  readonly store?: StateStore;
  /** The way to the server, where it is not the plain one. */
  readonly upstream?: FakeUpstream;
  readonly pacing?: Pacing | null;
  readonly updateInterval?: number;
  readonly settings?: AggregateSettings;
  readonly maxRetainedBytes?: number;
}

/** Starts a pipeline on a fake server. */
export function givenPipeline(server: FakePostgres, wish: PipelineWish = {}): GivenPipeline {
  const upstream = wish.upstream ?? new FakeUpstream(server, wish);
  const store = wish.store instanceof FaultyStore ? wish.store : new FaultyStore(wish.store ?? new MemoryStateStore());
  const told = new Told();
  const pacing = wish.pacing === null ? {} : { pacing: wish.pacing ?? IMPATIENT };
  const updateInterval = wish.updateInterval ?? 15_000;
  const supervisor = new Supervisor({
    upstream,
    store,
    observer: told,
    settings: wish.settings ?? SETTINGS,
    updateInterval,
    maxRetainedBytes: wish.maxRetainedBytes ?? 0,
    ...pacing,
  });
  const stopping = new AbortController();
  const running = supervisor.run(stopping.signal);
  const stop = async (): Promise<void> => {
    stopping.abort();
    await running;
  };
  return {
    upstream,
    store,
    told,
    supervisor,
    get state() {
      return store.state as AggregateState;
    },
    caughtUp: async () => {
      const end = server.lastCommitEnd;
      const reached = (): boolean => (store.checkpoint?.next ?? -1n) >= end && (server.slot?.confirmed ?? -1n) >= end;
      await awaitUntil(reached, { what: 'the end of the log', interval: 5 });
    },
    streaming: async (sessions = 1) => {
      const open = (): boolean =>
        upstream.sessions.length >= sessions &&
        upstream.session.openStream?.ended === false &&
        !upstream.session.closed;
      await awaitUntil(open, { what: 'an open stream', interval: 2 });
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** One figure of a series by its key, or undefined: `read(state, 'spend_by_model', 'gpt-5')`. */
export function read(
  state: AggregateState,
  kind: Parameters<AggregateState['series']>[0],
  ...key: string[]
): { rows: number; sum: number } | undefined {
  for (const series of state.series(kind)) {
    if (series.key.join('|') === key.join('|')) return { rows: series.rows, sum: series.sum(0) };
  }
  return undefined;
}

/** The value of a counter, 0 where there is none. */
export function counted(
  state: AggregateState,
  kind: Parameters<AggregateState['counters']>[0],
  ...labels: string[]
): number {
  for (const counter of state.counters(kind)) {
    if (counter.labels.join('|') === labels.join('|')) return counter.value;
  }
  return 0;
}

const added = new WeakMap<Folded, Delta>();

/** What a transaction adds, however often it is asked for: it is used up by being added. */
export function deltaOf(folded: Folded): Delta {
  const known = added.get(folded);
  if (known !== undefined) return known;
  const delta = new Delta();
  folded.addTo(delta);
  added.set(folded, delta);
  return delta;
}
