import { type Entity, type EntityOf, type EntityTable, entityKey, type KeyEntity } from '@app/litellm';
import { KeyTable } from './keys/key-table.js';
import type { EntityOperation, ReplacedToken } from './record.js';
import type { EntityView, KeyOwner } from './view.js';

/** How entities are looked up; a state's own, or one with operations laid over it. */
export interface EntityLookup {
  get<T extends EntityTable>(table: T, key: string): EntityOf<T> | undefined;
  /** The key that answers for a token now, through replacements of tokens. */
  keyOfToken(token: string): KeyEntity | undefined;
  /** The token by which this one was replaced, one step of possibly several; undefined where it was not. */
  replacementOf(token: string): string | undefined;
}

/** The labels by which families and counters name a team. */
export function teamLabels(teamId: string, alias: string | undefined): readonly [id: string, alias: string] {
  return [teamId, alias === undefined || alias === '' ? 'none' : alias];
}

/** The key that answers for a token: its own, else the one at the end of its replacements, which may run in a circle. */
export function answeringKey(entities: EntityLookup, token: string): KeyEntity | undefined {
  const own = entities.get('key', token);
  if (own !== undefined) return own;
  const passed = new Set([token]);
  let current = token;
  for (;;) {
    const next = entities.replacementOf(current);
    if (next === undefined || passed.has(next)) break;
    passed.add(next);
    current = next;
  }
  return current === token ? undefined : entities.get('key', current);
}

/** LiteLLM's entities as they stand after the last applied record. */
export class EntityState implements EntityView, EntityLookup {
  readonly #keys = new KeyTable();
  readonly #tables = new Map<EntityTable, Map<string, Entity>>();
  readonly #present = new Map<EntityTable, boolean>();
  readonly #replaced = new Map<string, readonly [current: string, since: number]>();

  /** Replaced tokens. */
  *replacedTokens(): Iterable<ReplacedToken> {
    for (const [old, [current, since]] of this.#replaced) yield [old, current, since];
  }

  /** What is known of which tables this LiteLLM has. */
  get presence(): ReadonlyMap<EntityTable, boolean> {
    return this.#present;
  }

  present(table: EntityTable): boolean {
    return this.#present.get(table) ?? true;
  }

  all<T extends EntityTable>(table: T): Iterable<EntityOf<T>> {
    return this.#entities(table).values() as Iterable<EntityOf<T>>;
  }

  count(table: EntityTable): number {
    return this.#entities(table).size;
  }

  get<T extends EntityTable>(table: T, key: string): EntityOf<T> | undefined {
    return this.#entities(table).get(key) as EntityOf<T> | undefined;
  }

  restrictedKeys(): Iterable<KeyEntity> {
    return this.#keys.restricted();
  }

  unrestrictedKeysBy(owner: KeyOwner): Iterable<readonly [id: string, keys: number]> {
    return this.#keys.unrestrictedBy(owner);
  }

  keyOfToken(token: string): KeyEntity | undefined {
    return answeringKey(this, token);
  }

  replacementOf(token: string): string | undefined {
    return this.#replaced.get(token)?.[0];
  }

  /** How many keys bear this pair of labels. */
  keysOfPair(labels: readonly string[]): number {
    return this.#keys.keysOfPair(labels);
  }

  setPresent(table: EntityTable, present: boolean): void {
    this.#present.set(table, present);
  }

  /** Remembers a replacement; one that is known already keeps the time since when it is. */
  replaceToken(old: string, current: string, since: number): void {
    if (old === current) return;
    const known = this.#replaced.get(old);
    this.#replaced.set(old, [current, known?.[0] === current ? Math.min(known[1], since) : since]);
  }

  forgetToken(old: string): void {
    this.#replaced.delete(old);
  }

  /** @param now time of the record that carries the operation, in milliseconds */
  apply(operation: EntityOperation, now: number): void {
    switch (operation.op) {
      case 'put':
        this.#put(operation.entity, now);
        return;
      case 'delete':
        this.#entities(operation.table).delete(operation.key);
        return;
      case 'clear':
        this.#entities(operation.table).clear();
        return;
    }
  }

  /** An entity that is known keeps its place in the order, so that answers list it where they did before. */
  #put(entity: Entity, now: number): void {
    if (entity.table === 'key') this.#keys.set(entity);
    else this.#table(entity.table).set(entityKey(entity), entity);
    if (entity.table === 'deprecated_key') this.replaceToken(entity.token, entity.activeTokenId, now);
  }

  #entities(table: EntityTable): KeyTable | Map<string, Entity> {
    return table === 'key' ? this.#keys : this.#table(table);
  }

  #table(table: EntityTable): Map<string, Entity> {
    let entities = this.#tables.get(table);
    if (entities === undefined) {
      entities = new Map();
      this.#tables.set(table, entities);
    }
    return entities;
  }
}
