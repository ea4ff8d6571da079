import { Admission } from './admission.js';
import type { Delta, SeriesDeltas } from './delta.js';
import type { EntityLayer } from './entity-layer.js';
import type { EntityLookup } from './entity-state.js';
import { addExactAt } from './exact-sum.js';
import { inOneTurn, listed, sliced, type Work } from './in-turns.js';
import { keyParts, keyText } from './key.js';
import { ownText } from './own-text.js';
import { FoldedSets, prepareCounters } from './prepare-counters.js';
import { emptyRecord, type PairValue, type SeriesDefinition, type StateRecord } from './record.js';
import type { SeriesTable } from './series-table.js';
import { type AggregateState, ALL_SERIES_KINDS } from './state.js';
import { outlivedTokens } from './token-retention.js';
import { SERIES_KINDS, type SeriesKind } from './view.js';
import { edgeOf } from './windows.js';

const ADMISSION_RENEWAL = 60_000;
/** Milliseconds of the state's time between two looks for replaced tokens that nobody needs any more. */
const FORGETTING = 3_600_000;

/** What one step is made of: a delta and the entity operations that were committed with it. */
export interface StepContent {
  readonly delta: Delta;
  readonly entities: EntityLayer;
  /** The state's now afterwards, by PostgreSQL's clock, in milliseconds. */
  readonly clock: number;
}

/**
 * Turns what is to be added into a record of absolute values. Changes nothing: the state moves when the record is
 * applied, after it has been stored. One writer at a time prepares against a state.
 */
export class StepPreparation {
  readonly #state: AggregateState;
  readonly #admission: Admission;
  readonly #folded = new FoldedSets();
  #renewAt = 0;
  #forgetAt: number | null = null;

  constructor(state: AggregateState) {
    this.#state = state;
    this.#admission = new Admission(state);
  }

  prepare(content: StepContent): StateRecord {
    return inOneTurn(this.preparing(content));
  }

  /** {@link prepare} in slices; neither the state nor what is prepared may change until its end. */
  *preparing({ delta, entities, clock }: StepContent): Work<StateRecord> {
    const state = this.#state;
    const now = Math.max(clock, state.clock);
    if (now >= this.#renewAt) {
      this.#admission.renew();
      this.#renewAt = now + ADMISSION_RENEWAL;
    }
    const succeeded = new Set<string>();
    for (const series of delta.series.traffic_model?.values() ?? [])
      yield* sliced(series.keys(), (text) => succeeded.add(text));
    yield* sliced(succeeded, (text) => this.#admission.modelSucceeded(keyParts(text)[2] as string));
    const series = new SeriesStep(state, this.#admission, entities);
    for (const kind of ALL_SERIES_KINDS) yield* series.add(kind, delta.series[kind], now);
    const step = { state, delta, entities, admission: this.#admission, folded: this.#folded };
    return {
      ...emptyRecord(state.version + 1, now),
      defined: series.defined,
      pairs: series.pairs,
      dropped: series.dropped,
      ...(yield* prepareCounters(step)),
      entities: yield* listed(entities.operations()),
      forgottenTokens: this.#forgotten(delta, now),
      replacedTokens: (yield* listed(entities.replacedTokens)).map(([old, current]) => [old, current, now]),
      figures: { ...delta.figures },
    };
  }

  /** Never in the first hour: a state that is being seeded lacks the rows by which its tokens are still needed. */
  #forgotten(delta: Delta, now: number): readonly string[] {
    this.#forgetAt ??= now + FORGETTING;
    if (now < this.#forgetAt) return [];
    this.#forgetAt = now + FORGETTING;
    const touched = [...(delta.series.spend_by_key?.values() ?? [])];
    return outlivedTokens(this.#state, now).filter((token) => !touched.some((bucket) => bucket.has(token)));
  }
}

/** Prepares the windowed part of a record, kind by kind. */
class SeriesStep {
  readonly defined: SeriesDefinition[] = [];
  readonly dropped: number[] = [];
  readonly pairs: Partial<Record<SeriesKind, PairValue[]>> = {};
  readonly #state: AggregateState;
  readonly #admission: Admission;
  readonly #lookup: EntityLookup;
  #nextId: number;

  constructor(state: AggregateState, admission: Admission, lookup: EntityLookup) {
    this.#state = state;
    this.#admission = admission;
    this.#lookup = lookup;
    this.#nextId = state.lastId + 1;
  }

  *add(kind: SeriesKind, added: SeriesDeltas | undefined, now: number): Work<void> {
    const table = this.#state.table(kind);
    const edge = edgeOf(this.#state.specs[SERIES_KINDS[kind].window], now);
    const leaving = table.leaving(edge);
    const expiring = leaving.size > 0;
    const gained = new Map<number, number>();
    const prepared: number[][] = [];
    const ids: StepIds = { created: new Map(), found: (added?.size ?? 0) > 1 ? new Map() : null };
    for (const [bucket, series] of added ?? []) {
      if (bucket < edge) continue;
      const pairs = yield* this.#addBucket(table, { bucket, series, ids });
      yield* sliced(pairs, ([id, pair]) => {
        if (expiring) gained.set(id, (gained.get(id) ?? 0) + (pair[2] as number) - table.rowsIn(id, bucket));
        prepared.push(pair);
      });
    }
    if (prepared.length > 0) this.pairs[kind] = prepared;
    for (const [id, rows] of leaving) {
      if (table.rowsOf(id) - rows + (gained.get(id) ?? 0) === 0) this.dropped.push(id);
    }
  }

  /** What the series of one bucket stand at afterwards, by id: several may fold into one. */
  *#addBucket(table: SeriesTable, { bucket, series, ids }: BucketStep): Work<Map<number, number[]>> {
    const pairs = new Map<number, number[]>();
    yield* sliced(series, ([text, values]) => {
      const id = this.#idOf(table, text, ids);
      let pair = pairs.get(id);
      if (pair === undefined) {
        pair = table.pairBefore(id, bucket);
        pairs.set(id, pair);
      }
      addToPair(pair, values);
    });
    return pairs;
  }

  #idOf(table: SeriesTable, text: string, { created, found }: StepIds): number {
    let id = found?.get(text);
    if (id === undefined) {
      id = this.#findOrCreate(table, text, created);
      found?.set(text, id);
    }
    return id;
  }

  #findOrCreate(table: SeriesTable, text: string, newIds: Map<string, number>): number {
    const key = keyParts(text);
    const known = table.find(key);
    if (known !== undefined) return known.id;
    const kept = this.#admission.keyFor(table.kind, key, this.#lookup);
    const keptText = keyText(kept);
    const id = table.find(kept)?.id ?? newIds.get(keptText);
    if (id !== undefined) return id;
    const created = this.#nextId++;
    newIds.set(keptText, created);
    this.defined.push({ id: created, kind: table.kind, key: kept.map(ownText) });
    return created;
  }
}

/** Ids of series of one kind in a step. */
interface StepIds {
  /** Given to new series, by the text of the key that is kept. */
  readonly created: Map<string, number>;
  /** Those met so far, by the text of a row's key: a slice of a seed has the same series in many buckets. */
  readonly found: Map<string, number> | null;
}

/** One bucket of a kind. */
interface BucketStep {
  readonly bucket: number;
  readonly series: ReadonlyMap<string, number[]>;
  readonly ids: StepIds;
}

function addToPair(pair: number[], values: readonly number[]): void {
  pair[2] = (pair[2] as number) + (values[0] as number);
  for (let at = 1; at < values.length; at += 2) {
    addExactAt(pair, 2 + at, values[at] as number, values[at + 1] as number);
  }
}
