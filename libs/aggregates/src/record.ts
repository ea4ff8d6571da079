import type { Entity, EntityTable } from '@app/litellm';
import type { AggregateSettings } from './settings.js';
import type { CounterKind, FigureName, HistogramKind, SeriesKind, StateView } from './view.js';

/** A number as the sum of two doubles, so that 10^8 additions and removals lose nothing (METRICS.md, "Float"). */
export type ExactSum = readonly [high: number, low: number];

/** Names a series. */
export interface SeriesDefinition {
  readonly id: number;
  readonly kind: SeriesKind;
  readonly key: readonly string[];
}

/** What one series contributes to one bucket: `[id, bucket start, rows, high, low, high, low, …]`, a pair for each sum. */
export type PairValue = readonly number[];

/** What one counter stands at. */
export interface CounterValue {
  readonly kind: CounterKind;
  readonly labels: readonly string[];
  readonly value: ExactSum;
}

/** What one histogram stands at. */
export interface HistogramValue {
  readonly kind: HistogramKind;
  readonly labels: readonly string[];
  readonly buckets: readonly number[];
  readonly sum: ExactSum;
}

/** A change of what is known of entities. */
export type EntityOperation =
  | { readonly op: 'put'; readonly entity: Entity }
  | { readonly op: 'delete'; readonly table: EntityTable; readonly key: string }
  | { readonly op: 'clear'; readonly table: EntityTable };

/** A token, the one that took its place, and when that was known, in milliseconds. */
export type ReplacedToken = readonly [old: string, current: string, since: number];

/**
 * One step of the state, as absolute values: what each touched thing stands at afterwards. Applying a record twice, or
 * applying records 5 to 9 over a state that already has parts of 6 to 9, gives the same state as applying each once in
 * order. So a store can keep a log of records beside a base that is written piece by piece.
 */
export interface StateRecord {
  /** One more than the record before. */
  readonly version: number;
  /** The state's now, in milliseconds; the window edges follow from it, and buckets before an edge leave. */
  readonly clock: number;
  /** Applied before everything else, in this order. */
  readonly defined: readonly SeriesDefinition[];
  readonly pairs: Readonly<Partial<Record<SeriesKind, readonly PairValue[]>>>;
  /** Series of which no row is left in any bucket. */
  readonly dropped: readonly number[];
  readonly counters: readonly CounterValue[];
  readonly histograms: readonly HistogramValue[];
  /** Counter series that have ended: an alias that is no longer in force. */
  readonly ended: readonly { readonly kind: CounterKind; readonly labels: readonly string[] }[];
  /** Series folded into `other` so far. */
  readonly folded: Readonly<Partial<Record<CounterKind | HistogramKind, number>>>;
  /** In the order in which they happened. */
  readonly entities: readonly EntityOperation[];
  /** Replaced tokens of which nothing is left that would be looked up by them; applied before {@link replacedTokens}. */
  readonly forgottenTokens: readonly string[];
  readonly replacedTokens: readonly ReplacedToken[];
  readonly present: Readonly<Partial<Record<EntityTable, boolean>>>;
  readonly figures: Readonly<Partial<Record<FigureName | 'covered_since', number | string>>>;
}

/** A state that records can be applied to. */
export interface RecordedState extends StateView {
  /** What it was made with, and goes on with, whatever a process that reads it was told. */
  readonly settings: AggregateSettings;
  /** Applies one record. @throws Error when the version is not the next one (a base's version may start anywhere). */
  apply(record: StateRecord): void;
  /**
   * The whole state as records of at most `items` things each, all of the present version, which rebuild it when
   * applied in order to an empty state.
   */
  dump(items: number): Iterable<StateRecord>;
  /**
   * Keeps the state as it is until the returned function is called: a scrape sees one state (W6).
   *
   * @throws Error while it is {@link changing}, or after a change that broke: half of a step would be seen
   */
  hold(): () => void;
  /**
   * Begins a change that may take several turns of the event loop; nobody may hold the state until the returned function is called, and
   * nobody ever again where it is told that the change has not become whole.
   */
  change(): (whole: boolean) => void;
  /** Resolves when the change that is under way is whole; null while none is. Whoever has awaited it looks once more. */
  readonly changing: Promise<void> | null;
  /** Resolves when nobody holds the state: then, and in the same turn of the event loop, it may be changed. */
  free(): Promise<void>;
  /** True while somebody holds the state: whoever has awaited {@link free} asks once more, as others may have come first. */
  readonly held?: boolean;
}

/** A record that changes nothing but the version and the clock; the base for building one. */
export function emptyRecord(version: number, clock: number): StateRecord {
  return {
    version,
    clock,
    defined: [],
    pairs: {},
    dropped: [],
    counters: [],
    histograms: [],
    ended: [],
    folded: {},
    entities: [],
    forgottenTokens: [],
    replacedTokens: [],
    present: {},
    figures: {},
  };
}
