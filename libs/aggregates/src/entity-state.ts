import { type Entity, type EntityOf, type EntityTable, entityKey, type KeyEntity } from '@app/litellm';
import { keyText } from './delta.js';
import type { EntityOperation } from './record.js';
import type { EntityView } from './view.js';

/** How entities are looked up; a state's own, or one with operations laid over it. */
export interface EntityLookup {
  get<T extends EntityTable>(table: T, key: string): EntityOf<T> | undefined;
  /** The key that answers for a token now, through replacements of tokens. */
  keyOfToken(token: string): KeyEntity | undefined;
  /** The token by which this one was replaced, one step of possibly several; undefined where it was not. */
  replacementOf(token: string): string | undefined;
}

/** The labels by which families and counters name a key. */
export function keyLabels(key: KeyEntity | undefined): readonly [name: string, alias: string] {
  if (key === undefined) return ['none', 'none'];
  return [key.keyName === '' ? 'none' : key.keyName, key.keyAlias === '' ? 'none' : key.keyAlias];
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
  readonly #tables = new Map<EntityTable, Map<string, Entity>>();
  readonly #present = new Map<EntityTable, boolean>();
  readonly #replaced = new Map<string, string>();
  /** How many keys bear a pair of labels: the last one to go ends the pair's counter. */
  readonly #keyPairs = new Map<string, number>();

  /** Replaced tokens, old to new. */
  get replacedTokens(): ReadonlyMap<string, string> {
    return this.#replaced;
  }

  /** What is known of which tables this LiteLLM has. */
  get presence(): ReadonlyMap<EntityTable, boolean> {
    return this.#present;
  }

  present(table: EntityTable): boolean {
    return this.#present.get(table) ?? true;
  }

  all<T extends EntityTable>(table: T): Iterable<EntityOf<T>> {
    return this.#table(table).values() as Iterable<EntityOf<T>>;
  }

  count(table: EntityTable): number {
    return this.#table(table).size;
  }

  get<T extends EntityTable>(table: T, key: string): EntityOf<T> | undefined {
    return this.#table(table).get(key) as EntityOf<T> | undefined;
  }

  keyOfToken(token: string): KeyEntity | undefined {
    return answeringKey(this, token);
  }

  replacementOf(token: string): string | undefined {
    return this.#replaced.get(token);
  }

  /** How many keys bear this pair of labels. */
  keysOfPair(labels: readonly string[]): number {
    return this.#keyPairs.get(keyText(labels)) ?? 0;
  }

  setPresent(table: EntityTable, present: boolean): void {
    this.#present.set(table, present);
  }

  replaceToken(old: string, current: string): void {
    if (old !== current) this.#replaced.set(old, current);
  }

  apply(operation: EntityOperation): void {
    switch (operation.op) {
      case 'put':
        this.#remove(operation.entity.table, entityKey(operation.entity));
        this.#insert(operation.entity);
        return;
      case 'delete':
        this.#remove(operation.table, operation.key);
        return;
      case 'clear':
        this.#table(operation.table).clear();
        if (operation.table === 'key') this.#keyPairs.clear();
        return;
    }
  }

  #insert(entity: Entity): void {
    this.#table(entity.table).set(entityKey(entity), entity);
    if (entity.table === 'key') this.#countPair(entity, 1);
    if (entity.table === 'deprecated_key') this.replaceToken(entity.token, entity.activeTokenId);
  }

  #remove(table: EntityTable, key: string): void {
    const entities = this.#table(table);
    const before = entities.get(key);
    if (before === undefined) return;
    entities.delete(key);
    if (before.table === 'key') this.#countPair(before, -1);
  }

  #countPair(key: KeyEntity, by: 1 | -1): void {
    const pair = keyText(keyLabels(key));
    const count = (this.#keyPairs.get(pair) ?? 0) + by;
    if (count === 0) this.#keyPairs.delete(pair);
    else this.#keyPairs.set(pair, count);
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
