import type { EntityTable } from '@app/litellm';
import { CounterTable } from './counter-table.js';
import { entriesOf } from './delta.js';
import { EntityState } from './entity-state.js';
import { emptyRecord, type RecordedState, type StateRecord } from './record.js';
import { SeriesTable } from './series-table.js';
import type { AggregateSettings } from './settings.js';
import { dumpState } from './state-dump.js';
import { TextPool } from './text-pool.js';
import {
  type CounterKind,
  type CounterView,
  type FigureName,
  type HistogramKind,
  type HistogramView,
  SERIES_KINDS,
  type SeriesKind,
  type SeriesView,
  type WindowName,
  type WindowView,
} from './view.js';
import { edgeOf, type WindowSpec, windowSpecs } from './windows.js';

/** The kinds of windowed series, in the order of the contract. */
export const ALL_SERIES_KINDS = Object.keys(SERIES_KINDS) as readonly SeriesKind[];

/** The one state that a process serves: built by records, read by scrapes. */
export class AggregateState implements RecordedState {
  readonly entities = new EntityState();
  readonly counterTable = new CounterTable();
  readonly figures: Partial<Record<FigureName | 'covered_since', number | string>> = {};
  readonly specs: Readonly<Record<WindowName, WindowSpec>>;
  readonly #tables: Readonly<Record<SeriesKind, SeriesTable>>;
  readonly #texts = new TextPool();
  #version = 0;
  #clock = 0;
  #lastId = 0;
  #holders = 0;
  #changing: Promise<void> | null = null;
  #broken = false;
  readonly #waiting: (() => void)[] = [];

  constructor(readonly settings: AggregateSettings) {
    this.specs = windowSpecs(settings);
    this.#tables = Object.fromEntries(ALL_SERIES_KINDS.map((kind) => [kind, new SeriesTable(kind)])) as Record<
      SeriesKind,
      SeriesTable
    >;
  }

  get version(): number {
    return this.#version;
  }

  get clock(): number {
    return this.#clock;
  }

  get durationBuckets(): readonly number[] {
    return this.settings.durationBuckets;
  }

  get ttftBuckets(): readonly number[] {
    return this.settings.ttftBuckets;
  }

  /** The largest id any series has had. */
  get lastId(): number {
    return this.#lastId;
  }

  table(kind: SeriesKind): SeriesTable {
    return this.#tables[kind];
  }

  window(name: WindowName): WindowView {
    const { length, bucket } = this.specs[name];
    const edge = edgeOf(this.specs[name], this.#clock);
    const since = Math.max(edge, Number(this.figures.covered_since ?? edge));
    return { name, length, bucket, edge, covered: Math.max(0, this.#clock - since) };
  }

  series(kind: SeriesKind): Iterable<SeriesView> {
    return this.#tables[kind].series();
  }

  counters(kind: CounterKind): Iterable<CounterView> {
    return this.counterTable.counters(kind);
  }

  histograms(kind: HistogramKind): Iterable<HistogramView> {
    return this.counterTable.histograms(kind);
  }

  folded(kind: CounterKind | HistogramKind): number {
    return this.counterTable.folded[kind] ?? 0;
  }

  figure(name: FigureName): number | string | undefined {
    return this.figures[name];
  }

  hold(): () => void {
    if (this.#changing !== null || this.#broken) {
      throw new Error(
        `the state ${this.#broken ? 'broke while it was' : 'is being'} changed: half of a step would be seen`,
      );
    }
    this.#holders += 1;
    let released = false;
    return () => {
      if (released) return;
      released = true;
      this.#holders -= 1;
      if (this.#holders === 0) for (const wake of this.#waiting.splice(0)) wake();
    };
  }

  get changing(): Promise<void> | null {
    return this.#changing;
  }

  change(): (whole: boolean) => void {
    let over: () => void = () => undefined;
    this.#changing = new Promise((resolve) => {
      over = resolve;
    });
    return (whole) => {
      this.#broken ||= !whole;
      this.#changing = null;
      over();
    };
  }

  get held(): boolean {
    return this.#holders > 0;
  }

  async free(): Promise<void> {
    while (this.#holders > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  apply(record: StateRecord): void {
    const follows = record.version === this.#version || record.version === this.#version + 1;
    if (this.#version !== 0 && !follows) {
      throw new Error(`a record of version ${record.version} can't follow version ${this.#version}`);
    }
    this.#version = record.version;
    this.#clock = Math.max(this.#clock, record.clock);
    this.#applySeries(record);
    for (const counter of record.counters) this.counterTable.setCounter(counter);
    for (const histogram of record.histograms) this.counterTable.setHistogram(histogram);
    for (const { kind, labels } of record.ended) this.counterTable.end(kind, labels);
    Object.assign(this.counterTable.folded, record.folded);
    for (const operation of record.entities) this.entities.apply(operation, record.clock);
    for (const token of record.forgottenTokens) this.entities.forgetToken(token);
    for (const replaced of record.replacedTokens) this.entities.replaceToken(...replaced);
    for (const [table, present] of entriesOf<EntityTable, boolean>(record.present)) {
      this.entities.setPresent(table, present);
    }
    Object.assign(this.figures, record.figures);
  }

  /** Raises the version, so that a new state does not look older than the one whose place it takes (W7). */
  raiseVersion(version: number): void {
    this.#version = Math.max(this.#version, version);
  }

  dump(items: number): Iterable<StateRecord> {
    return dumpState(this, emptyRecord(this.#version, this.#clock), items);
  }

  #applySeries(record: StateRecord): void {
    for (const { id, kind, key } of record.defined) {
      this.#tables[kind].define(id, this.#texts.shared(key));
      this.#lastId = Math.max(this.#lastId, id);
    }
    for (const kind of ALL_SERIES_KINDS) {
      const table = this.#tables[kind];
      for (const pair of record.pairs[kind] ?? []) table.setPair(pair);
      table.expire(edgeOf(this.specs[SERIES_KINDS[kind].window], this.#clock));
    }
    for (const id of record.dropped) {
      for (const kind of ALL_SERIES_KINDS) if (this.#tables[kind].drop(id)) break;
    }
  }
}
