import type { BeginChange, DeleteChange, InsertChange, Relation, TruncateChange, UpdateChange } from '@app/change';
import {
  type Entity,
  type EntityTable,
  entityKey,
  entityKeyOfRow,
  isKept,
  type MetadataFacts,
  readEntity,
  readSpendFact,
  type SpendFact,
  type SpendLogKey,
  tableOfRelation,
  withMetadata,
} from '@app/litellm';
import { Delta } from './delta.js';
import { EntityLayer } from './entity-layer.js';
import { type EntityLookup, teamLabels } from './entity-state.js';
import type { FoldOrigin, SpendById, SpendFold } from './fold.js';
import { inOneTurn, sliced, type Work } from './in-turns.js';
import { KeptRows } from './kept-rows.js';
import { SEPARATOR } from './key.js';
import { keyLabels } from './keys/key-table.js';
import type { ExactSum } from './record.js';

/** A change of rows inside a transaction. */
export type RowChange = InsertChange | UpdateChange | DeleteChange | TruncateChange;

/** What a whole transaction comes to. */
export interface Folded {
  /** Spend-log rows that count. */
  readonly rows: number;
  readonly entities: EntityLayer;
  /** Spend on a key, team or user row has grown. */
  readonly spendGrew: boolean;
  /** Adds it to a delta, once: it is used up by that. A row that can't be folded is counted and passed over (W10). */
  addTo(delta: Delta): void;
  /** {@link addTo} in slices; until its end the delta is neither the one nor the other. */
  adding(delta: Delta): Work<void>;
  /** The name of the error by which a row could not be folded; null where all could. Known once it has been added, and of a large one before. */
  readonly unfoldable: string | null;
}

/** What the folding of a transaction needs to know. */
export interface FoldContext {
  readonly fold: SpendFold;
  /** LiteLLM's schema; tables of the same name elsewhere are not its. */
  readonly schema: string;
  /** What is known of entities before the transaction. */
  readonly entities: EntityLookup;
}

/** Adds spend by id to the counters of teams and keys, under the labels that `entities` gives them now. */
export function* attributeByAlias(delta: Delta, byId: SpendById, entities: EntityLookup): Work<void> {
  yield* sliced(byId.teams, ([teamId, spend]) => {
    const team = entities.get('team', teamId);
    if (team !== undefined) {
      delta.addExactly('team_spend_usd', teamLabels(teamId, team.teamAlias), spend as unknown as ExactSum);
    }
  });
  yield* sliced(byId.keys, ([token, spend]) =>
    delta.addExactly('key_spend_usd', keyLabels(entities.keyOfToken(token)), spend as unknown as ExactSum),
  );
}

/**
 * Rows that a transaction keeps as they are until its commit. They are folded straight into what it is added to then: a delta of its own
 * would be most of what a small transaction costs, and nearly all of its garbage.
 */
const KEPT_ROWS = 1_000;

/**
 * Folds one transaction: what it keeps of a large one depends on the series it touches, not on its rows (W9), but for
 * the rows whose metadata has yet to be read, which its owner fetches by {@link takePending} in good time.
 */
export class TransactionFold implements Folded {
  readonly entities: EntityLayer;
  readonly #context: FoldContext;
  readonly #origin: FoldOrigin;
  readonly #delta = new Delta();
  readonly #byId: SpendById = { teams: new Map(), keys: new Map() };
  #pending: SpendFact[] = [];
  #kept = new KeptRows();
  #rows = 0;
  #inserts = 0;
  #spendGrew = false;
  #unfoldable: string | null = null;

  constructor(context: FoldContext, begin: BeginChange) {
    this.#context = context;
    this.#origin = { from: 'stream', commitTime: begin.commitTime };
    this.entities = new EntityLayer(context.entities);
  }

  /** Rows that wait for their metadata. */
  get pending(): number {
    return this.#pending.length;
  }

  /** Spend-log rows so far, those that wait for their metadata included. */
  get rows(): number {
    return this.#rows + this.#pending.length;
  }

  get spendGrew(): boolean {
    return this.#spendGrew;
  }

  get unfoldable(): string | null {
    return this.#unfoldable;
  }

  /** True once what is known of entities changes with the transaction. */
  get touchesEntities(): boolean {
    return !this.entities.empty;
  }

  /** Takes in a change; tables that are not ours change nothing. */
  add(change: RowChange): void {
    if (change.kind === 'truncate') {
      for (const relation of change.relations) this.#truncate(relation);
      return;
    }
    const table = this.#tableOf(change.relation);
    if (table === null) return;
    if (table === 'spend_logs' && change.kind === 'insert') {
      this.#addRow(change);
      return;
    }
    this.#delta.countText('changes', table + SEPARATOR + change.kind, 1);
    if (table === 'spend_logs') this.#delta.count('rows_ignored', [change.kind], 1);
    else this.#addEntity(table, change);
  }

  /** Counts a change of this transaction that could not be used. */
  reject(reason: string): void {
    this.#delta.count('rows_rejected', [reason], 1);
  }

  /** The rows that wait for their metadata, which are forgotten here and have to come back by {@link complete}. */
  takePending(): readonly SpendFact[] {
    const pending = this.#pending;
    this.#pending = [];
    return pending;
  }

  /** Folds rows with what was read of their metadata; a row that is gone counts without (METRICS.md section 2). */
  complete(facts: readonly SpendFact[], metadata: ReadonlyMap<string, MetadataFacts>): void {
    for (const fact of facts) {
      const found = metadata.get(fact.requestId);
      if (found === undefined) this.#delta.count('rows_rejected', ['metadata_gone'], 1);
      this.#keep(found === undefined ? fact : withMetadata(fact, found));
    }
  }

  /** What the transaction comes to. @throws Error while rows wait for their metadata. */
  finish(): Folded {
    if (this.#pending.length > 0) throw new Error('a transaction can be finished only when no row is pending');
    if (this.#inserts > 0) this.#delta.count('changes', ['spend_logs', 'insert'], this.#inserts);
    this.#delta.count('transactions', [], 1);
    if (this.#rows >= KEPT_ROWS) this.#foldKept(this.#delta);
    return this;
  }

  /** As {@link Folded} has it. */
  addTo(delta: Delta): void {
    inOneTurn(this.adding(delta));
  }

  /** As {@link Folded} has it. */
  *adding(delta: Delta): Work<void> {
    yield* delta.merging(this.#delta);
    this.#foldKept(delta);
    if (this.#byId.teams.size + this.#byId.keys.size > 0) yield* attributeByAlias(delta, this.#byId, this.entities);
  }

  #tableOf(relation: Relation): EntityTable | 'spend_logs' | null {
    return relation.schema === this.#context.schema ? tableOfRelation(relation.table) : null;
  }

  #truncate(relation: Relation): void {
    const table = this.#tableOf(relation);
    if (table === null) return;
    this.#delta.count('changes', [table, 'truncate'], 1);
    if (table === 'spend_logs') this.#delta.count('rows_ignored', ['truncate'], 1);
    else this.entities.clear(table);
  }

  #addRow({ row }: InsertChange): void {
    this.#inserts += 1;
    const reading = readSpendFact(row);
    for (const reason of reading.rejections) this.#delta.count('rows_rejected', [reason], 1);
    const { fact } = reading;
    if (fact === null) return;
    if (this.#context.fold.isHistory(fact, this.#origin)) this.#delta.count('rows_history', [], 1);
    else if (reading.needsMetadata) this.#pending.push(fact);
    else this.#keep(fact);
  }

  #keep(fact: SpendFact): void {
    this.#rows += 1;
    this.#kept.add(fact);
    if (this.#kept.length >= KEPT_ROWS) this.#foldKept(this.#delta);
  }

  #foldKept(into: Delta): void {
    if (this.#kept.length === 0) return;
    const { fold } = this.#context;
    this.#kept.each((fact) => {
      try {
        fold.add(into, this.#byId, fact, this.#origin);
      } catch (error) {
        this.#unfoldable = error instanceof Error ? error.name : 'unknown error';
        into.count('rows_rejected', ['unfoldable_row'], 1);
      }
    });
    this.#kept = new KeptRows();
  }

  #addEntity(table: EntityTable, change: InsertChange | UpdateChange | DeleteChange): void {
    const key = entityKeyOfRow(table, change.kind === 'delete' ? change.key : change.row);
    if (key === null) {
      this.#delta.count('rows_rejected', ['key_missing'], 1);
      return;
    }
    if (change.kind === 'delete') {
      this.entities.delete(table, key);
      return;
    }
    const oldKey = change.kind === 'update' && change.oldKey !== null ? entityKeyOfRow(table, change.oldKey) : null;
    const moved = oldKey !== null && oldKey !== key;
    const previous = this.entities.get(table, moved ? oldKey : key);
    if (moved) {
      this.entities.delete(table, oldKey);
      if (table === 'key') this.entities.replaceToken(oldKey, key);
    }
    const entity = readEntity(table, change.row, previous);
    this.#spendGrew ||= previous !== undefined && spendOf(entity) > spendOf(previous);
    if (isKept(entity)) this.entities.put(entity);
    else this.entities.delete(table, entityKey(entity));
  }
}

function spendOf(entity: Entity): number {
  return entity.table === 'key' || entity.table === 'team' || entity.table === 'user' ? entity.spend : 0;
}

/** The primary key by which a pending row's metadata is read. */
export function spendLogKey(fact: SpendFact): SpendLogKey {
  return { requestId: fact.requestId, startTime: fact.startTime };
}
