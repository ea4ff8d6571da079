import { type AggregateState, edgeOf, type SeriesKind } from '@app/aggregates';
import {
  type Drawn,
  modelOf,
  type StreamShape,
  type SyntheticStream,
  UNITS_A_DOLLAR,
  userOf,
} from './synthetic-stream.js';

const TABLES = ['byUser', 'byKey', 'byModel'] as const;

/** What one bucket holds: whole units by series, which doubles add exactly as long as they stay below 2^53. */
type Bucket = Readonly<Record<(typeof TABLES)[number], Float64Array>>;

/** Adds up in whole numbers what the exporter adds up in doubles, bucket by bucket. */
export class ExactRecount {
  readonly #shape: StreamShape;
  readonly #stream: SyntheticStream;
  readonly #buckets = new Map<number, Bucket>();

  constructor(shape: StreamShape, stream: SyntheticStream) {
    this.#shape = shape;
    this.#stream = stream;
  }

  add({ time, user, model, key, units }: Drawn, width: number): void {
    const { byUser, byKey, byModel } = this.#bucketOf(Math.floor(time / width) * width);
    const { models } = this.#shape;
    byUser[user * models + model] = (byUser[user * models + model] as number) + units;
    byKey[key] = (byKey[key] as number) + units;
    byModel[model] = (byModel[model] as number) + units;
  }

  /** The largest relative error of any series of spend, and how many were compared. @throws for a series too many or too few */
  compare(state: AggregateState): { readonly drift: number; readonly series: number } {
    const edge = edgeOf(state.specs.S, state.clock);
    for (const start of this.#buckets.keys()) if (start < edge) this.#buckets.delete(start);
    const { models } = this.#shape;
    const drifts = [
      this.#drift(state, { kind: 'spend_by_user', table: 'byUser' }, (at) => [
        userOf(Math.floor(at / models)),
        modelOf(at % models),
      ]),
      this.#drift(state, { kind: 'spend_by_key', table: 'byKey' }, (at) => [this.#stream.token(at)]),
      this.#drift(state, { kind: 'spend_by_model', table: 'byModel' }, (at) => [modelOf(at)]),
    ];
    return {
      drift: Math.max(...drifts.map(({ drift }) => drift)),
      series: drifts.reduce((sum, { series }) => sum + series, 0),
    };
  }

  #drift(
    state: AggregateState,
    { kind, table }: { readonly kind: SeriesKind; readonly table: (typeof TABLES)[number] },
    keyOf: (at: number) => readonly string[],
  ): { readonly drift: number; readonly series: number } {
    const length = [...this.#buckets.values()][0]?.[table].length ?? 0;
    let [drift, series] = [0, 0];
    for (let at = 0; at < length; at++) {
      let units = 0n;
      for (const bucket of this.#buckets.values()) units += BigInt(bucket[table][at] as number);
      const shown = state.table(kind).find(keyOf(at));
      if (units === 0n && (shown?.rows ?? 0) === 0) continue;
      if (units === 0n || shown === undefined) throw new Error(`${kind} ${keyOf(at).join('/')} is there only once`);
      series += 1;
      const exact = Number(units) / UNITS_A_DOLLAR;
      drift = Math.max(drift, Math.abs(shown.sum(0) - exact) / Math.max(1, exact));
    }
    const shown = [...state.series(kind)].length;
    if (shown !== series) throw new Error(`${kind} has ${shown} series, and should have ${series}`);
    return { drift, series };
  }

  #bucketOf(start: number): Bucket {
    let bucket = this.#buckets.get(start);
    if (bucket === undefined) {
      const { users, models, keys } = this.#shape;
      bucket = {
        ...{
          byUser: new Float64Array(users * models),
          byKey: new Float64Array(keys),
          byModel: new Float64Array(models),
        },
      };
      this.#buckets.set(start, bucket);
    }
    return bucket;
  }
}
