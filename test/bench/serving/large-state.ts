import { createHash } from 'node:crypto';
import {
  type AggregateSettings,
  AggregateState,
  type EntityOperation,
  edgeOf,
  emptyRecord,
  type PairValue,
  SERIES_KINDS,
  type SeriesKind,
  windowSpecs,
} from '@app/aggregates';
import { loadConfig } from '@app/config';
import { aggregateSettings } from '../../../apps/exporter/src/room-options.js';
import { key, team, user } from '../../support/fake-state.js';
import { randomFrom } from './random.js';

/** The state's now in all benches: what they measure does not depend on the date. */
export const CLOCK = Date.UTC(2026, 10, 15, 12);

/** The settings of a deployment that sets none. */
export const SETTINGS: AggregateSettings = aggregateSettings(loadConfig({ LITELLM_DB_PASSWORD: 'never used' }));

/** How large a state is. */
export interface StateShape {
  /** Users, each of whom has called {@link MODELS} models. */
  readonly users: number;
  readonly teams: number;
  readonly tags: number;
  /** Keys that exist; the first `active` of them have been used. */
  readonly keys: number;
  readonly active: number;
  /** Users with rows in the last minute, for each model. */
  readonly busy: number;
  /** Buckets in which each series has rows, at most as many as its window has. */
  readonly buckets: number;
}

/** Models that each user and team has called. */
export const MODELS = 25;

/** About 120,000 series in the proportions of a large deployment: 11 MB and more of text. */
export const SERIES_120K: StateShape = {
  ...{ users: 2_000, teams: 400, tags: 15_000, keys: 4_000, active: 4_000, busy: 640, buckets: 1 },
};

/** The same proportions at another size. */
export function scaled(shape: StateShape, factor: number): StateShape {
  const sized = Object.entries(shape).map(([name, value]) => [name, name === 'buckets' ? value : value * factor]);
  return Object.fromEntries(sized) as unknown as StateShape;
}

/** The token of a key, as LiteLLM keeps it. */
export function tokenOf(at: number): string {
  return createHash('sha256').update(`sk-${at}`).digest('hex');
}

/** A state of the given shape, made of records like those of a store, and the means to move it on. */
export class LargeState {
  readonly state = new AggregateState(SETTINGS);
  readonly #random = randomFrom(5);
  readonly #pairs: (readonly [kind: SeriesKind, id: number])[] = [];

  constructor(shape: StateShape) {
    for (const entity of entitiesOf(shape)) this.state.apply({ ...emptyRecord(1, CLOCK), entities: [entity] });
    let id = 0;
    for (const [kind, keys] of seriesOf(shape)) {
      for (const one of keys) {
        id += 1;
        this.state.apply({ ...emptyRecord(1, CLOCK), defined: [{ id, kind, key: one }] });
        this.#pairs.push([kind, id]);
      }
    }
    for (const pair of this.#pairs) this.#write([pair], shape.buckets);
    const counters = Array.from({ length: shape.active }, (_, at) => ({
      ...{
        kind: 'key_spend_usd' as const,
        labels: [`sk-...${at}`, `key-${at}`],
        value: [this.#random() * 100, 0] as const,
      },
    }));
    this.state.apply({ ...emptyRecord(1, CLOCK), counters });
  }

  /** Moves the state one version on: a share of all series, picked anew each time, gets other values. */
  change(share: number): void {
    const changed = share === 1 ? this.#pairs : this.#pairs.filter(() => this.#random() < share);
    this.#write(changed, 1, this.state.version + 1);
  }

  #write(series: readonly (readonly [SeriesKind, number])[], buckets: number, version = 1): void {
    const specs = windowSpecs(SETTINGS);
    const pairs: Partial<Record<SeriesKind, PairValue[]>> = {};
    for (const [kind, id] of series) {
      const spec = specs[SERIES_KINDS[kind].window];
      const newest = edgeOf(spec, CLOCK) + Math.floor(spec.length / spec.bucket) * spec.bucket;
      pairs[kind] ??= [];
      const most = Math.min(buckets, Math.floor(spec.length / spec.bucket));
      for (let back = 0; back < most; back++) pairs[kind].push(this.#pair(kind, id, newest - back * spec.bucket));
    }
    this.state.apply({ ...emptyRecord(version, CLOCK), pairs });
  }

  #pair(kind: SeriesKind, id: number, bucket: number): PairValue {
    const rows = 1 + Math.floor(this.#random() * 40);
    const sums = SERIES_KINDS[kind].sums.flatMap((sum) => [sum === 'spend' ? this.#random() * 3 : rows * 1_234, 0]);
    return [id, bucket, rows, ...sums];
  }
}

function* entitiesOf({ users, teams, keys }: StateShape): Iterable<EntityOperation> {
  for (let at = 0; at < users; at++) {
    yield { op: 'put', entity: user(userId(at), { userAlias: `User number ${at}` }) };
  }
  for (let at = 0; at < teams; at++) yield { op: 'put', entity: team(`team-${at}`, { teamAlias: `Team "${at}"` }) };
  for (let at = 0; at < keys; at++) {
    const names = {
      keyName: `sk-...${at}`,
      keyAlias: `key-${at}`,
      userId: userId(at % users),
      teamId: `team-${at % teams}`,
    };
    yield { op: 'put', entity: key(tokenOf(at), names) };
  }
}

function* seriesOf(shape: StateShape): Iterable<readonly [SeriesKind, Iterable<readonly string[]>]> {
  const models = Array.from({ length: MODELS }, (_, at) => `provider/model-${at}`);
  const perModel = (count: number, owner: (at: number) => readonly string[]) =>
    Array.from({ length: count }, (_, at) => models.map((model) => [...owner(at), model])).flat();
  yield ['spend_by_model', models.map((model) => [model])];
  yield ['spend_by_user', perModel(shape.users, (at) => [userId(at)])];
  yield ['spend_by_team', perModel(shape.teams, (at) => [`team-${at}`, ''])];
  yield ['spend_by_tag', Array.from({ length: shape.tags }, (_, at) => [`feature:some-tag-${at}`])];
  yield ['spend_by_key', Array.from({ length: shape.active }, (_, at) => [tokenOf(at)])];
  yield ['rate_by_user', perModel(shape.busy, (at) => [userId(at)])];
  yield ['requests', models.map((model) => [model, 'success'])];
}

function userId(at: number): string {
  return `user-${at}@example.com`;
}
