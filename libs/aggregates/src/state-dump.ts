import { type EntityTable } from '@app/litellm';
import type { CounterTable } from './counter-table.js';
import type { EntityState } from './entity-state.js';
import type { EntityOperation, PairValue, SeriesDefinition, StateRecord } from './record.js';
import type { SeriesTable } from './series-table.js';
import { type FigureName, SERIES_KINDS, type SeriesKind } from './view.js';

/** The parts of a state that a dump reads. */
export interface DumpedState {
  readonly entities: EntityState;
  readonly counterTable: CounterTable;
  readonly figures: Partial<Record<FigureName | 'covered_since', number | string>>;
  table(kind: SeriesKind): SeriesTable;
}

const ENTITY_TABLES: readonly EntityTable[] = [
  'key',
  'team',
  'user',
  'organization',
  'budget',
  'end_user',
  'team_member',
  'project',
  'tag',
  'model',
  'deprecated_key',
];

/**
 * Writes a state as records of one version: figures and counters first, then entities, then series kind by kind.
 * Replaced tokens come after the entities, because a row of a deprecated key says of one what was true at its time.
 */
export function* dumpState(state: DumpedState, base: StateRecord, items: number): Iterable<StateRecord> {
  yield {
    ...base,
    counters: [...state.counterTable.counterValues()],
    histograms: [...state.counterTable.histogramValues()],
    folded: { ...state.counterTable.folded },
    present: Object.fromEntries(state.entities.presence),
    figures: { ...state.figures },
  };
  for (const entities of inChunks(entityOperations(state.entities), items)) yield { ...base, entities };
  for (const replacedTokens of inChunks(state.entities.replacedTokens(), items)) yield { ...base, replacedTokens };
  for (const kind of Object.keys(SERIES_KINDS) as SeriesKind[]) {
    for (const defined of inChunks(definitions(state.table(kind)), items)) yield { ...base, defined };
    for (const pairs of inChunks<PairValue>(state.table(kind).pairValues(), items)) {
      yield { ...base, pairs: { [kind]: pairs } };
    }
  }
}

function* entityOperations(entities: EntityState): Iterable<EntityOperation> {
  for (const table of ENTITY_TABLES) {
    for (const entity of entities.all(table)) yield { op: 'put', entity };
  }
}

function* definitions(table: SeriesTable): Iterable<SeriesDefinition> {
  for (const { id, key } of table.names()) yield { id, kind: table.kind, key };
}

function* inChunks<T>(things: Iterable<T>, size: number): Iterable<T[]> {
  let chunk: T[] = [];
  for (const thing of things) {
    chunk.push(thing);
    if (chunk.length >= size) {
      yield chunk;
      chunk = [];
    }
  }
  if (chunk.length > 0) yield chunk;
}
