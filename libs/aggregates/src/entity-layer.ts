import { type Entity, type EntityOf, type EntityTable, entityKey, type KeyEntity } from '@app/litellm';
import { answeringKey, type EntityLookup } from './entity-state.js';
import { inOneTurn, sliced, type Work } from './in-turns.js';
import type { EntityOperation } from './record.js';

/**
 * Entity operations laid over what lies below, without changing it: those of an open transaction over those of the
 * batch, over those being stored, over the state. Bounded by the entities touched, not by the rows (W9).
 */
export class EntityLayer implements EntityLookup {
  #below: EntityLookup;
  /** Last operation by table and key; null for a deleted entity. */
  readonly #touched = new Map<EntityTable, Touched>();
  readonly #cleared = new Set<EntityTable>();
  readonly #replaced = new Map<string, string>();

  constructor(below: EntityLookup) {
    this.#below = below;
  }

  /** True where no operation has been laid down. */
  get empty(): boolean {
    return this.#touched.size === 0 && this.#cleared.size === 0 && this.#replaced.size === 0;
  }

  /** Entities and tokens that it says something of. */
  get size(): number {
    let size = this.#replaced.size;
    for (const entities of this.#touched.values()) size += entities.size;
    return size;
  }

  /** Replaced tokens of this layer alone, old to new. */
  get replacedTokens(): ReadonlyMap<string, string> {
    return this.#replaced;
  }

  get<T extends EntityTable>(table: T, key: string): EntityOf<T> | undefined {
    const touched = this.#touched.get(table)?.get(key);
    if (touched !== undefined) return (touched ?? undefined) as EntityOf<T> | undefined;
    if (this.#cleared.has(table)) return undefined;
    return this.#below.get(table, key);
  }

  keyOfToken(token: string): KeyEntity | undefined {
    return answeringKey(this, token);
  }

  replacementOf(token: string): string | undefined {
    return this.#replaced.get(token) ?? this.#below.replacementOf(token);
  }

  put(entity: Entity): void {
    this.#table(entity.table).set(entityKey(entity), entity);
    if (entity.table === 'deprecated_key') this.replaceToken(entity.token, entity.activeTokenId);
  }

  delete(table: EntityTable, key: string): void {
    this.#table(table).set(key, null);
  }

  clear(table: EntityTable): void {
    this.#table(table).clear();
    this.#cleared.add(table);
  }

  replaceToken(old: string, current: string): void {
    if (old !== current) this.#replaced.set(old, current);
  }

  /** Lays this layer's operations over `into`, as the commit of its transaction does; it is used up by that. */
  mergeInto(into: EntityLayer): void {
    if (!this.empty) inOneTurn(this.merging(into));
  }

  /** {@link mergeInto} in slices. What the two layers show, this one over the other, stays the same from beginning to end. */
  *merging(into: EntityLayer): Work<void> {
    for (const [table, entities] of this.#touched) {
      const cleared = this.#cleared.has(table);
      if (cleared) into.#cleared.add(table);
      const own = cleared ? undefined : into.#touched.get(table);
      into.#touched.set(table, own === undefined ? entities : yield* laidOver(own, entities));
    }
    yield* sliced(this.#replaced, ([old, current]) => into.replaceToken(old, current));
  }

  /** Looks below from now on into `below`: what lay there has been applied to it. */
  rebase(below: EntityLookup): void {
    this.#below = below;
  }

  /** The operations that bring what lies below to what this layer shows. */
  *operations(): Iterable<EntityOperation> {
    for (const table of this.#cleared) yield { op: 'clear', table };
    for (const [table, entities] of this.#touched) {
      for (const [key, entity] of entities) {
        yield entity === null ? { op: 'delete', table, key } : { op: 'put', entity };
      }
    }
  }

  #table(table: EntityTable): Touched {
    let entities = this.#touched.get(table);
    if (entities === undefined) {
      entities = new Map();
      this.#touched.set(table, entities);
    }
    return entities;
  }
}

type Touched = Map<string, Entity | null>;

/** Lays what came later over what came before, by whichever of the two is smaller. */
function* laidOver(before: Touched, later: Touched): Work<Touched> {
  if (before.size >= later.size) {
    yield* sliced(later, ([key, entity]) => before.set(key, entity));
    return before;
  }
  yield* sliced(before, ([key, entity]) => {
    if (!later.has(key)) later.set(key, entity);
  });
  return later;
}
