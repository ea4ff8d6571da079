import { setImmediate } from 'node:timers/promises';
import { AggregateState, Delta, emptyRecord, SpendFold, StepPreparation, TransactionFold } from '@app/aggregates';
import { lsnOf } from '@app/change';
import { bench, type PlotLine, type PreparedBench, type Round } from '../framework/bench.js';
import { ExactRecount } from './exact-recount.js';
import { CLOCK, SETTINGS } from './large-state.js';
import { heldBytes } from './memory.js';
import { RedisState } from './redis-state.js';
import { type StreamShape, SyntheticStream } from './synthetic-stream.js';

interface Simulation extends StreamShape {
  readonly rows: number;
}

const ROUNDS = 5;
/** Rows in one step: what the pipeline gathers behind a step that is being stored. */
const STEP_ROWS = 5_000;
/** Simulated time: half as long again as the window of spend, so that buckets leave it. */
const DAYS = 45;
const SHAPE: StreamShape = { users: 400, teams: 50, keys: 2_000, models: 20, tags: 200 };

/** Fold and store driven past what a database of this machine could write. */
export const simulationBench = bench<Simulation>({
  name: 'simulation',
  title: 'Past this machine: fold and store alone',
  ours: `rows as a decoder gives them, read, folded in steps of ${STEP_ROWS.toLocaleString('en')}, stored in a real Redis and applied, over ${DAYS} simulated days; memory; and the largest error of any series of spend`,
  peer: 'a recount in whole billionths of a dollar, which is exact; no PostgreSQL',
  target: 'drift ≤ 1e-9; memory flat',
  figures: [
    { name: 'rows a second', unit: 'rows/s', better: 'more', target: null },
    { name: 'drift', unit: 'of the exact sum', better: 'less', target: { of: 'ours', atMost: 1e-9 } },
    { name: 'memory', unit: 'MB', better: 'less', target: null, guard: 'ours' },
    { name: 'Redis', unit: 'MB', better: 'less', target: null },
  ],
  sizes: {
    small: { ...SHAPE, rows: 200_000 },
    target: { ...SHAPE, rows: 2_000_000 },
    full: { ...SHAPE, rows: 100_000_000 },
  },
  describe: ({ rows, users, keys, models, tags }) =>
    `${rows.toLocaleString('en')} rows of ${users} users, ${keys} keys, ${models} models and ${tags} tags, keys and models by Zipf's law`,
  rounds: ROUNDS,
  prepare: async ({ shape, say, version }) => {
    const scene = new Scene(shape, await RedisState.opened(), say);
    version('Redis', await scene.redis.version());
    await scene.begin();
    return scene;
  },
  notes: `Each round goes on where the one before stopped, so that rounds are a course and not repetitions. The time includes the making of
the rows; what the recount holds is part of the memory (8 bytes a series and bucket). Every round compares every series by user and model,
by key, and by model with the recount, and fails when there is one too many or too few.`,
});

/** How things stood after so many rows; megabytes. */
interface Point {
  readonly rows: number;
  readonly memory: number;
  readonly redis: number;
}

class Scene implements PreparedBench {
  readonly #shape: Simulation;
  readonly #stream: SyntheticStream;
  readonly #recount: ExactRecount;
  readonly #fold = new SpendFold(SETTINGS);
  readonly #course: Point[] = [];
  #preparation!: StepPreparation;
  #rows = 0;
  #series = 0;

  constructor(
    shape: Simulation,
    readonly redis: RedisState,
    readonly say: (text: string) => void,
  ) {
    this.#shape = shape;
    this.#stream = new SyntheticStream(shape);
    this.#recount = new ExactRecount(shape, this.#stream);
  }

  get #state(): AggregateState {
    return this.redis.store.state as AggregateState;
  }

  async begin(): Promise<void> {
    const state = new AggregateState(SETTINGS);
    state.apply({ ...emptyRecord(1, this.#clock), entities: this.#stream.entities() });
    await this.redis.replace(state);
    this.#preparation = new StepPreparation(this.#state);
  }

  async round(): Promise<Round> {
    const rows = this.#shape.rows / ROUNDS;
    let milliseconds = 0;
    for (let part = 0; part < 4; part++) {
      const began = performance.now();
      for (let done = 0; done < rows / 4; done += STEP_ROWS) await this.#step(Math.min(STEP_ROWS, rows / 4 - done));
      milliseconds += performance.now() - began;
      this.#course.push({
        rows: this.#rows,
        memory: (await heldBytes()) / 1e6,
        redis: (await this.redis.usedMemory()) / 1e6,
      });
      this.say(`${this.#rows.toLocaleString('en')} of ${this.#shape.rows.toLocaleString('en')} rows`);
    }
    const { drift, series } = this.#recount.compare(this.#state);
    this.#series = series;
    const { memory, redis } = this.#course.at(-1) as Point;
    return {
      'rows a second': { ours: (rows / milliseconds) * 1_000 },
      ...{ drift: { ours: drift }, memory: { ours: memory }, Redis: { ours: redis } },
    };
  }

  async end() {
    const line = (label: string, what: 'memory' | 'redis'): PlotLine => ({
      label,
      points: this.#course.map((one) => [one.rows / 1e6, one[what]] as const),
    });
    return {
      facts: { 'series compared with the recount': this.#series.toLocaleString('en') },
      plots: [
        {
          ...{ name: 'simulation-memory', title: 'Memory over the course of the simulation' },
          x: { label: 'million rows', scale: 'linear' as const },
          y: { label: 'MB', scale: 'linear' as const },
          lines: [line('exporter, with the recount', 'memory'), line('Redis', 'redis')],
        },
      ],
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.redis[Symbol.asyncDispose]();
  }

  get #clock(): number {
    return CLOCK + (this.#rows / this.#shape.rows) * DAYS * 86_400_000;
  }

  async #step(rows: number): Promise<void> {
    this.#fold.moveClock(this.#clock);
    const state = this.#state;
    const context = { fold: this.#fold, schema: 'public', entities: state.entities };
    const transaction = new TransactionFold(context, { kind: 'begin', commitLsn: lsnOf(1n), commitTime: this.#clock });
    const width = state.specs.S.bucket;
    for (let row = 0; row < rows; row++) {
      const drawn = this.#stream.draw(this.#clock);
      transaction.add({ kind: 'insert', relation: { schema: 'public', table: 'LiteLLM_SpendLogs' }, row: drawn.row });
      this.#recount.add(drawn, width);
      this.#rows += 1;
      // So that the client of Redis can read its answers, as it can while rows come from a socket.
      if (row % 500 === 0) await setImmediate();
    }
    const folded = transaction.finish();
    const delta = new Delta();
    folded.addTo(delta);
    const { entities } = folded;
    await this.redis.commit(this.#preparation.prepare({ delta, entities, clock: this.#clock }));
  }
}
