import {
  type AggregateSettings,
  AggregateState,
  Delta,
  EntityLayer,
  edgeOf,
  emptyRecord,
  type Generation,
  type PairValue,
  SERIES_KINDS,
  type SeriesKind,
  type StateRecord,
  type Step,
  StepPreparation,
} from '@app/aggregates';
import { type Checkpoint, type Epoch, lsnOf } from '@app/change';

const MINUTE = 60_000;

/** Settings with short windows, so that buckets leave within a test. */
export const SETTINGS: AggregateSettings = {
  windows: { spend: 10 * MINUTE, request: 5 * MINUTE, error: 2 * MINUTE },
  durationBuckets: [0.5, 1, 5],
  ttftBuckets: [0.1, 1],
  tagExclude: /^User-Agent: /i,
  rowMaxAge: 86_400_000,
  maxSeries: 0,
};

export const START = Date.UTC(2026, 10, 1, 12);

/** An epoch of one PostgreSQL. */
export function epochAt(position: number, timeline = 1, system = '7000000000000000001'): Epoch {
  return { lineage: `${system}/${timeline}`, position: lsnOf(BigInt(position)) };
}

export function checkpointAt(next: number): Checkpoint {
  const source = {
    systemId: '7000000000000000001',
    timeline: 1,
    database: 'litellm',
    schema: 'public',
    spendLogsOid: 1,
  };
  return { source, slot: 'litellm_exporter_litellm', plugin: 'wal2json', next: lsnOf(BigInt(next)), commitTime: START };
}

/** What one row of traffic adds. */
export interface TrafficRow {
  readonly kind: SeriesKind;
  /** Which of a few keys. */
  readonly key: number;
  /** Milliseconds before the clock. */
  readonly age: number;
  readonly sum: number;
}

/** What happens in one step. */
export interface StepIdea {
  /** Milliseconds that the clock moves. */
  readonly tick: number;
  readonly rows: readonly TrafficRow[];
  /** Teams that are written or deleted, or a clear of the table. */
  readonly teams: readonly { readonly id: number; readonly spend: number | 'delete' | 'clear' }[];
}

/**
 * A writer that turns ideas into steps, with a state of its own that says what the store has to hold. The steps are
 * those that the pipeline would make.
 */
export class StepMaker {
  readonly state: AggregateState;
  readonly #preparation: StepPreparation;
  #next: number;

  constructor(
    next = 1_000,
    readonly epoch = epochAt(1),
    settings = SETTINGS,
  ) {
    this.state = new AggregateState(settings);
    this.#preparation = new StepPreparation(this.state);
    this.#next = next;
    // As every seed does, so that a base is never without figures.
    this.state.apply({ ...emptyRecord(1, START), figures: { state_stale: 0 } });
  }

  get next(): number {
    return this.#next;
  }

  /** A generation that stands where this writer stands. */
  generation(epoch = this.epoch): Generation {
    const state = new AggregateState(this.state.settings);
    for (const record of this.state.dump(500)) state.apply(record);
    return { epoch, checkpoint: checkpointAt(this.#next), state };
  }

  /** The next step; it is taken for stored. */
  step(idea: Partial<StepIdea> = {}, epoch = this.epoch): Step {
    const record = this.#record({ tick: 1_000, rows: [], teams: [], ...idea });
    return this.take(record, epoch);
  }

  /** A step of a record made elsewhere. */
  take(record: StateRecord, epoch = this.epoch): Step {
    this.state.apply(record);
    const prev = lsnOf(BigInt(this.#next));
    this.#next += 100;
    return { epoch, prev, checkpoint: checkpointAt(this.#next), record };
  }

  /** A record of very many pairs: `series` new series with one pair each. */
  largeRecord(series: number): StateRecord {
    const { version, clock, lastId } = this.state;
    const bucket = edgeOf(this.state.specs.S, clock) + 60_000;
    const defined = Array.from({ length: series }, (_, at) => ({
      id: lastId + 1 + at,
      kind: 'spend_by_tag' as const,
      key: [`tag ${version} ${at}`],
    }));
    const pairs = defined.map(({ id }): PairValue => [id, bucket, 1, id / 7, 0]);
    return { ...emptyRecord(version + 1, clock), defined, pairs: { spend_by_tag: pairs } };
  }

  #record({ tick, rows, teams }: StepIdea): StateRecord {
    const clock = this.state.clock + tick;
    const delta = new Delta();
    const entities = new EntityLayer(this.state.entities);
    for (const { kind, key, age, sum } of rows) {
      const { window, key: parts, sums } = SERIES_KINDS[kind];
      const { bucket } = this.state.specs[window];
      const names = parts.map((part) => `${part} ${key}`);
      const start = Math.floor((clock - age) / bucket) * bucket;
      const added = sums.flatMap((_, place) => [place === 0 ? sum : Math.round(sum), 0]);
      delta.addValues(kind, names, start, [1, ...added]);
      delta.count('spend_usd', [`model ${key}`], sum);
      delta.observe('request_duration', `model ${key}`, this.state.settings.durationBuckets, Math.abs(sum));
    }
    delta.figures.replication_lag_seconds = tick / 1_000;
    const record = this.#preparation.prepare({ delta, entities, clock });
    return { ...record, entities: teams.map(({ id, spend }) => teamOperation(id, spend)) };
  }
}

function teamOperation(id: number, spend: number | 'delete' | 'clear'): StateRecord['entities'][number] {
  if (spend === 'clear') return { op: 'clear', table: 'team' };
  if (spend === 'delete') return { op: 'delete', table: 'team', key: `team ${id}` };
  return {
    op: 'put',
    entity: {
      table: 'team',
      teamId: `team ${id}`,
      teamAlias: `alias "${id}" \n 🚀`,
      organizationId: '',
      models: ['gpt-4o'],
      spend,
      maxBudget: null,
      softBudget: 0,
      budgetResetAt: START,
      blocked: false,
      roleCounts: { members: 1, admins: 0 },
      admins: [],
      members: ['user'],
      maxParallelRequests: null,
      tpmLimit: null,
      rpmLimit: 10,
    },
  };
}
