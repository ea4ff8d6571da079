import type { Entity, KeyEntity, TeamEntity } from '@app/litellm';
import { type Admission, OTHER, otherLabels } from './admission.js';
import type { CounterTable } from './counter-table.js';
import { type CounterDelta, type Delta, entriesOf, type HistogramDelta } from './delta.js';
import type { EntityLayer } from './entity-layer.js';
import { type EntityLookup, teamLabels } from './entity-state.js';
import { addExact, EXACT_ZERO } from './exact-sum.js';
import { inOneTurn, listed, sliced, type Work } from './in-turns.js';
import { keyText } from './key.js';
import { keyLabels } from './keys/key-table.js';
import { ownText } from './own-text.js';
import type { CounterValue, HistogramValue, StateRecord } from './record.js';
import type { AggregateState } from './state.js';
import { COUNTER_KINDS, type CounterKind, type HistogramKind } from './view.js';

interface CounterStep {
  readonly state: AggregateState;
  readonly delta: Delta;
  readonly entities: EntityLayer;
  readonly admission: Admission;
  readonly folded: FoldedSets;
}

/** Label sets that are told apart once they have folded into `other`; beyond it they are no longer counted. */
const MOST_FOLDED = 10_000;

/** Label sets that have folded into `other`, so that each counts once however often it comes. */
export class FoldedSets {
  readonly #sets = new Map<CounterKind | HistogramKind, Set<string>>();

  /** Notes one. @returns how many there are of the kind */
  add(kind: CounterKind | HistogramKind, text: string): number {
    const sets = this.#sets.get(kind) ?? new Set<string>();
    this.#sets.set(kind, sets);
    if (sets.size < MOST_FOLDED && !sets.has(text)) sets.add(ownText(text));
    return sets.size;
  }
}

type CounterParts = Pick<StateRecord, 'counters' | 'histograms' | 'ended' | 'folded'>;

/** Prepares counters and histograms: absolute values, those that end, and what folds into `other` by first come. */
export function* prepareCounters(step: CounterStep): Work<CounterParts> {
  const cap = new FirstCome(step);
  const prepared = new Map<string, CounterValue>();
  for (const [kind, added] of entriesOf<CounterKind, Map<string, CounterDelta>>(step.delta.counters)) {
    yield* sliced(added.values(), ({ labels, value }) => {
      const kept = cap.labels(kind, labels);
      const text = `${kind}/${keyText(kept)}`;
      const stored = step.state.counterTable.counter(kind, kept);
      const before = prepared.get(text)?.value ?? stored?.exact ?? EXACT_ZERO;
      const owned = stored?.labels ?? kept.map(ownText);
      prepared.set(text, { kind, labels: owned, value: addExact(before, value[0], value[1]) });
    });
  }
  const counters = yield* listed(prepared.values());
  const histograms = yield* prepareHistograms(step, cap);
  const ended = yield* endedPairs(step);
  return { counters, histograms, ended, folded: cap.folded };
}

function* prepareHistograms({ state, delta }: CounterStep, cap: FirstCome): Work<HistogramValue[]> {
  const prepared = new Map<string, HistogramValue>();
  for (const [kind, added] of entriesOf<HistogramKind, Map<string, HistogramDelta>>(delta.histograms)) {
    yield* sliced(added.values(), ({ labels, buckets, sum }) => {
      const kept = cap.labels(kind, labels);
      const text = `${kind}/${keyText(kept)}`;
      const stored = state.counterTable.histogram(kind, kept);
      const before = prepared.get(text) ?? (stored && { buckets: stored.buckets, sum: stored.exactSum });
      prepared.set(text, {
        kind,
        labels: stored?.labels ?? kept.map(ownText),
        buckets: buckets.map((amount, place) => amount + (before?.buckets[place] ?? 0)),
        sum: addExact(before?.sum ?? EXACT_ZERO, sum[0], sum[1]),
      });
    });
  }
  return yield* listed(prepared.values());
}

/** Gives each label set a series of its own while there is room, and `other` afterwards. */
class FirstCome {
  readonly folded: Partial<Record<CounterKind | HistogramKind, number>> = {};
  readonly #table: CounterTable;
  readonly #step: CounterStep;
  readonly #created = new Map<CounterKind | HistogramKind, Set<string>>();

  constructor(step: CounterStep) {
    this.#step = step;
    this.#table = step.state.counterTable;
  }

  labels(kind: CounterKind | HistogramKind, labels: readonly string[]): readonly string[] {
    if (this.#has(kind, labels)) return labels;
    const admitted = this.#admittedLabels(kind, labels);
    if (this.#has(kind, admitted)) return admitted;
    const created = this.#created.get(kind) ?? new Set<string>();
    this.#created.set(kind, created);
    const text = keyText(admitted);
    if (created.has(text)) return admitted;
    const { maxSeries } = this.#step.state.settings;
    if (maxSeries > 0 && this.#table.size(kind) + created.size >= maxSeries) {
      // What folded before this process began is known by its number alone.
      this.folded[kind] = Math.max(this.#table.folded[kind] ?? 0, this.#step.folded.add(kind, text));
      return otherLabels(kind, admitted);
    }
    created.add(text);
    return admitted;
  }

  #has(kind: CounterKind | HistogramKind, labels: readonly string[]): boolean {
    return isHistogram(kind)
      ? this.#table.histogram(kind, labels) !== undefined
      : this.#table.counter(kind, labels) !== undefined;
  }

  #admittedLabels(kind: CounterKind | HistogramKind, labels: readonly string[]): readonly string[] {
    const names: readonly string[] = isHistogram(kind) ? ['model'] : COUNTER_KINDS[kind].labels;
    const { admission, entities } = this.#step;
    return labels.map((value, place) => (names[place] === 'model' ? admission.modelFor(value, entities) : value));
  }
}

function isHistogram(kind: CounterKind | HistogramKind): kind is HistogramKind {
  return !(kind in COUNTER_KINDS);
}

/**
 * Counters of teams and keys whose label pair nobody bears after the step end with it (METRICS.md, "Types"): a rename,
 * rotation or deletion starts or ends a series, never shifts what was counted. A pair may come and go within one step.
 */
function* endedPairs(step: CounterStep): Work<StateRecord['ended']> {
  const { state, delta, entities } = step;
  const bearers = new Map<string, number>();
  const touched: Touched[] = [];
  const touch = (kind: Touched[0], labels: readonly string[]): void => {
    const counted = delta.counters[kind]?.has(keyText(labels)) === true;
    if (counted || state.counterTable.counter(kind, labels) !== undefined) touched.push([kind, labels]);
  };
  const bear = (key: KeyEntity | undefined, by: number): void => {
    if (key === undefined) return;
    const text = keyText(keyLabels(key));
    bearers.set(text, (bearers.get(text) ?? 0) + by);
    if (by < 0) touch('key_spend_usd', keyLabels(key));
  };
  yield* sliced(replacements(state, entities), ({ before, after }) => {
    if (before?.table === 'team') touch('team_spend_usd', teamLabels(before.teamId, before.teamAlias));
    // A key that keeps its labels bears what it bore: most of what `/global/spend/reset` writes.
    if (before?.table === 'team' || after?.table === 'team' || sameLabels(before, after)) return;
    bear(before, -1);
    bear(after, 1);
  });
  for (const kind of PAIR_KINDS)
    yield* sliced(delta.counters[kind]?.values() ?? [], ({ labels }) => touch(kind, labels));
  const keysOf = (labels: readonly string[]): number =>
    state.entities.keysOfPair(labels) + (bearers.get(keyText(labels)) ?? 0);
  return yield* endedAmong(touched, { entities, keysOf });
}

/** Label pairs of teams and keys that have a counter and that nobody bears: what a seed did not find any more. */
export function orphanedPairs(state: AggregateState): StateRecord['ended'] {
  const all = PAIR_KINDS.flatMap((kind) =>
    [...state.counterTable.counters(kind)].map(({ labels }): Touched => [kind, labels]),
  );
  const bearers = {
    entities: state.entities,
    keysOf: (labels: readonly string[]) => state.entities.keysOfPair(labels),
  };
  return inOneTurn(endedAmong(all, bearers));
}

const PAIR_KINDS = ['team_spend_usd', 'key_spend_usd'] as const;
type Touched = readonly [kind: (typeof PAIR_KINDS)[number], labels: readonly string[]];

/** Who bears a label pair. */
interface Bearers {
  readonly entities: EntityLookup;
  readonly keysOf: (labels: readonly string[]) => number;
}

function* endedAmong(touched: readonly Touched[], { entities, keysOf }: Bearers): Work<StateRecord['ended']> {
  const ended = new Map<string, StateRecord['ended'][number]>();
  yield* sliced(touched, ([kind, labels]) => {
    const [first = '', second] = labels;
    const standsForMany = labels.every((label) => label === 'none' || label === OTHER);
    if (standsForMany) return;
    const team = kind === 'team_spend_usd' ? entities.get('team', first) : undefined;
    const borne =
      kind === 'key_spend_usd'
        ? keysOf(labels) > 0
        : team !== undefined && teamLabels(first, team.teamAlias)[1] === second;
    if (!borne) ended.set(`${kind}/${keyText(labels)}`, { kind, labels });
  });
  return yield* listed(ended.values());
}

/** A key or a team as it was and as it will be. */
interface Replacement {
  readonly before: KeyEntity | TeamEntity | undefined;
  readonly after: KeyEntity | TeamEntity | undefined;
}

function sameLabels(before: KeyEntity | undefined, after: KeyEntity | undefined): boolean {
  return before?.keyName === after?.keyName && before?.keyAlias === after?.keyAlias;
}

const NEITHER: Replacement = { before: undefined, after: undefined };

/** Every key and team that the layer touches; {@link NEITHER} for what else it looks at, so that the looking can be sliced. */
function* replacements(state: AggregateState, entities: EntityLayer): Iterable<Replacement> {
  for (const operation of entities.operations()) {
    if (operation.op === 'put') yield replacedBy(state, operation.entity);
    else if (operation.table !== 'key' && operation.table !== 'team') yield NEITHER;
    else if (operation.op === 'delete') {
      yield { before: state.entities.get(operation.table, operation.key), after: undefined };
    } else {
      for (const before of state.entities.all(operation.table)) {
        const key = before.table === 'key' ? before.token : before.teamId;
        yield entities.get(operation.table, key) === undefined ? { before, after: undefined } : NEITHER;
      }
    }
  }
}

function replacedBy(state: AggregateState, after: Entity): Replacement {
  if (after.table === 'key') return { before: state.entities.get('key', after.token), after };
  if (after.table === 'team') return { before: state.entities.get('team', after.teamId), after };
  return NEITHER;
}
