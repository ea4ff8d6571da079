import { type EntityOperation } from '@app/aggregates';
import type { Row } from '@app/change';
import { key, team, user } from '../../support/fake-state.js';
import { tokenOf } from './large-state.js';
import { randomFrom } from './random.js';

/** Who calls what, and over how long. */
export interface StreamShape {
  readonly users: number;
  readonly teams: number;
  readonly keys: number;
  readonly models: number;
  readonly tags: number;
}

/** Whole billionths of a dollar: what a row costs is a whole number of them, so that a recount is exact. */
export const UNITS_A_DOLLAR = 1e9;

/** What the recount has to know of a row. */
export interface Drawn {
  readonly row: Row;
  readonly time: number;
  readonly user: number;
  readonly model: number;
  readonly key: number;
  readonly units: number;
}

/** Rows of spend logs as a decoder gives them, skewed as traffic is: keys and models by Zipf's law. */
export class SyntheticStream {
  readonly #shape: StreamShape;
  readonly #random = randomFrom(11);
  readonly #keys: Float64Array;
  readonly #models: Float64Array;
  /** Made once: what is measured is what becomes of rows, not the making of their texts. */
  readonly #tokens: readonly string[];
  readonly #users: readonly string[];
  readonly #teams: readonly string[];
  readonly #modelNames: readonly string[];
  readonly #modelIds: readonly string[];
  readonly #tags: readonly string[];
  #second = 0;
  #secondText = '';
  #count = 0;

  constructor(shape: StreamShape) {
    this.#shape = shape;
    this.#keys = zipf(shape.keys);
    this.#models = zipf(shape.models);
    this.#tokens = texts(shape.keys, tokenOf);
    this.#users = texts(shape.users, userOf);
    this.#teams = texts(shape.teams, (at) => `team-${at}`);
    this.#modelNames = texts(shape.models, modelOf);
    this.#modelIds = texts(shape.models, (at) => `id-${at}`);
    this.#tags = texts(shape.tags, (at) => `["feature:${at}"]`);
  }

  /** The entities that the rows name. */
  entities(): EntityOperation[] {
    const { users, teams } = this.#shape;
    const all = [
      ...Array.from({ length: users }, (_, at) => user(userOf(at), { userAlias: `User ${at}` })),
      ...Array.from({ length: teams }, (_, at) => team(`team-${at}`, { teamAlias: `Team ${at}` })),
      ...this.#tokens.map((token, at) =>
        key(token, { keyAlias: `key-${at}`, userId: userOf(at % users), teamId: `team-${at % teams}` }),
      ),
    ];
    return all.map((entity) => ({ op: 'put', entity }));
  }

  token(at: number): string {
    return this.#tokens[at] as string;
  }

  /** A row that began at `time`, in milliseconds since the Unix epoch. */
  draw(time: number): Drawn {
    const { users, teams, tags } = this.#shape;
    const at = drawn(this.#keys, this.#random());
    const model = drawn(this.#models, this.#random());
    const prompt = 1 + Math.floor(this.#random() * 4_000);
    const completion = 1 + Math.floor(this.#random() * 1_000);
    const units = prompt * 1_250 + completion * 10_000 + Math.floor(this.#random() * 1_000);
    const seconds = this.#timeText(time);
    const row: Row = {
      request_id: `request-${this.#count++}`,
      status: this.#random() < 0.02 ? 'failure' : 'success',
      metadata: '{}',
      startTime: `${seconds}.000`,
      endTime: `${seconds}.900`,
      completionStartTime: `${seconds}.300`,
      api_key: this.#tokens[at] as string,
      user: this.#users[at % users] as string,
      team_id: this.#teams[at % teams] as string,
      organization_id: null,
      model: this.#modelNames[model] as string,
      model_group: this.#modelNames[model] as string,
      model_id: this.#modelIds[model] as string,
      custom_llm_provider: 'openai',
      spend: units / UNITS_A_DOLLAR,
      total_tokens: prompt + completion,
      prompt_tokens: prompt,
      completion_tokens: completion,
      request_duration_ms: 900,
      cache_hit: 'None',
      request_tags: this.#tags[Math.floor(this.#random() * tags)] as string,
    };
    return { row, time: Math.floor(time / 1_000) * 1_000, user: at % users, model, key: at, units };
  }

  #timeText(time: number): string {
    const second = Math.floor(time / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#secondText = new Date(second * 1_000).toISOString().slice(0, 19).replace('T', ' ');
    }
    return this.#secondText;
  }
}

/** The id of a user by number. */
export function userOf(at: number): string {
  return `user-${at}@example.com`;
}

/** The name of a model by number. */
export function modelOf(at: number): string {
  return `provider/model-${at}`;
}

function texts(count: number, textOf: (at: number) => string): readonly string[] {
  return Array.from({ length: count }, (_, at) => textOf(at));
}

/** Shares of the first 1, 2, … of `count`, where the n-th is drawn as often as 1/n. */
function zipf(count: number): Float64Array {
  const shares = new Float64Array(count);
  let sum = 0;
  for (let at = 0; at < count; at++) {
    sum += 1 / (at + 1);
    shares[at] = sum;
  }
  return shares.map((share) => share / sum);
}

function drawn(shares: Float64Array, chance: number): number {
  let [low, high] = [0, shares.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((shares[middle] as number) < chance) low = middle + 1;
    else high = middle;
  }
  return low;
}
