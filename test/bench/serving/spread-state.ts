import { createHash } from 'node:crypto';
import {
  AggregateState,
  edgeOf,
  emptyRecord,
  type PairValue,
  SERIES_KINDS,
  type SeriesDefinition,
  type SeriesKind,
  windowSpecs,
} from '@app/aggregates';
import { CLOCK, SETTINGS, tokenOf } from './large-state.js';
import { randomFrom } from './random.js';

/** 120,000 series in the proportions of a large deployment, with ids as LiteLLM makes them: UUIDs and SHA-256 sums. */
const SERIES: Readonly<Partial<Record<SeriesKind, number>>> = {
  ...{ spend_by_user: 50_000, spend_by_team: 10_000, spend_by_tag: 5_000, spend_by_key: 20_000, spend_by_model: 200 },
  ...{ model_group: 200, traffic_model: 400, requests: 400, cache: 400, errors: 1_000 },
  ...{ rate_by_user: 15_000, rate_by_team: 2_400, rate_by_key: 15_000 },
};

/** A state whose series have rows in so many buckets, counted from the newest, or spread thinly over the whole window. */
export class SpreadState {
  readonly state = new AggregateState(SETTINGS);
  readonly defined: readonly SeriesDefinition[];
  readonly #random = randomFrom(3);

  /** @param pairs how many (bucket, series) pairs about */
  constructor(pairs: number) {
    this.defined = this.#definitions();
    this.state.apply({ ...emptyRecord(1, CLOCK), defined: this.defined });
    for (const series of this.defined) this.#spread(series, pairs / this.defined.length);
  }

  get pairs(): number {
    const kinds = Object.keys(SERIES_KINDS) as SeriesKind[];
    return kinds.reduce((sum, kind) => sum + this.state.table(kind).pairs, 0);
  }

  /** New values for so many series of spend in the newest bucket, as one step has them. */
  step(size: number): PairValue[] {
    const spec = windowSpecs(SETTINGS).S;
    const spenders = this.defined.filter(({ kind }) => kind === 'spend_by_user');
    const any = (): SeriesDefinition => spenders[Math.floor(this.#random() * spenders.length)] as SeriesDefinition;
    return Array.from({ length: size }, () => this.#pair('spend_by_user', any().id, edgeOf(spec, CLOCK) + spec.length));
  }

  /** In the order in which a stream would meet them: kinds mixed. */
  #definitions(): SeriesDefinition[] {
    const all = (Object.entries(SERIES) as [SeriesKind, number][])
      .flatMap(([kind, count]) => Array.from({ length: count }, (_, at) => ({ kind, at })))
      .map((one) => ({ ...one, order: this.#random() }))
      .sort((one, other) => one.order - other.order);
    return all.map(({ kind, at }, place) => ({ id: place + 1, kind, key: keyOf(kind, at) }));
  }

  #spread({ id, kind }: SeriesDefinition, each: number): void {
    const spec = windowSpecs(SETTINGS)[SERIES_KINDS[kind].window];
    const buckets = Math.floor(spec.length / spec.bucket);
    const first = edgeOf(spec, CLOCK);
    const count = Math.min(buckets, Math.floor(each + this.#random()));
    const pairs = Array.from({ length: count }, (_, at) =>
      this.#pair(kind, id, first + ((Math.floor((at * buckets) / count) + id) % buckets) * spec.bucket),
    );
    this.state.apply({ ...emptyRecord(1, CLOCK), pairs: { [kind]: pairs } });
  }

  #pair(kind: SeriesKind, id: number, bucket: number): PairValue {
    const rows = 1 + Math.floor(this.#random() * 40);
    const money = this.#random() * 3;
    const sums = SERIES_KINDS[kind].sums.flatMap((sum) =>
      sum === 'spend' ? [money, money * 1e-17 * this.#random()] : [rows * 1_234, 0],
    );
    return [id, bucket, rows, ...sums];
  }
}

function keyOf(kind: SeriesKind, at: number): string[] {
  return SERIES_KINDS[kind].key.map((part) => {
    if (part === 'api_key') return tokenOf(at);
    if (part === 'team' || part === 'user') return uuidOf(`${part} ${kind} ${at}`);
    if (part === 'organization') return '';
    return `provider/${part}-${at % 400}`;
  });
}

function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}
