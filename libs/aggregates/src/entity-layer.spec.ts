import type { Entity } from '@app/litellm';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { key, team } from '../../../test/support/fake-state.js';
import { EntityLayer } from './entity-layer.js';
import { EntityState } from './entity-state.js';

const IDS = ['a', 'b', 'c', 'd'] as const;

type Step =
  | { readonly does: 'put'; readonly entity: Entity }
  | { readonly does: 'delete'; readonly table: 'key' | 'team'; readonly key: string }
  | { readonly does: 'clear'; readonly table: 'key' | 'team' }
  | { readonly does: 'replace'; readonly old: string; readonly current: string };

const id = fc.constantFrom(...IDS);
const table = fc.constantFrom('key' as const, 'team' as const);
const alias = fc.constantFrom('', 'one', 'two');
const entity: fc.Arbitrary<Entity> = fc.oneof(
  fc.record({ id, alias }).map((of) => key(of.id, { keyName: of.id, keyAlias: of.alias })),
  fc.record({ id, alias }).map((of) => team(of.id, { teamAlias: of.alias })),
  fc.record({ id, token: id, current: id }).map(
    (of): Entity => ({
      table: 'deprecated_key',
      id: of.id,
      token: of.token,
      activeTokenId: of.current,
    }),
  ),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: entity.map((one) => ({ does: 'put' as const, entity: one })) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('delete' as const), table, key: id }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('clear' as const), table }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('replace' as const), old: id, current: id }) },
);

function layDown(layer: EntityLayer, one: Step): void {
  if (one.does === 'put') layer.put(one.entity);
  else if (one.does === 'delete') layer.delete(one.table, one.key);
  else if (one.does === 'clear') layer.clear(one.table);
  else layer.replaceToken(one.old, one.current);
}

function apply(state: EntityState, one: Step): void {
  if (one.does === 'put') state.apply({ op: 'put', entity: one.entity }, 0);
  else if (one.does === 'delete') state.apply({ op: 'delete', table: one.table, key: one.key }, 0);
  else if (one.does === 'clear') state.apply({ op: 'clear', table: one.table }, 0);
  else state.replaceToken(one.old, one.current, 0);
}

function applyLayer(state: EntityState, layer: EntityLayer): void {
  for (const operation of layer.operations()) state.apply(operation, 0);
  for (const [old, current] of layer.replacedTokens) state.replaceToken(old, current, 0);
}

/** All that can be asked. */
function shown(entities: EntityState | EntityLayer): unknown {
  return IDS.map((one) => [
    entities.get('key', one),
    entities.get('team', one),
    entities.get('deprecated_key', one),
    entities.keyOfToken(one),
    entities.replacementOf(one),
  ]);
}

describe('a layer of entity operations', () => {
  it('layers over layers show what applying all operations in order gives', () => {
    fc.assert(
      fc.property(fc.array(fc.array(step, { maxLength: 8 }), { minLength: 1, maxLength: 5 }), (transactions) => {
        const applied = new EntityState();
        const bottom = new EntityState();
        let top = new EntityLayer(bottom);
        for (const [place, steps] of transactions.entries()) {
          if (place > 0) top = new EntityLayer(top);
          for (const one of steps) {
            layDown(top, one);
            apply(applied, one);
            expect(shown(top)).toEqual(shown(applied));
          }
        }
      }),
    );
  });

  it('merging layers downwards and applying the result is the same', () => {
    fc.assert(
      fc.property(fc.array(fc.array(step, { maxLength: 8 }), { minLength: 1, maxLength: 5 }), (transactions) => {
        const applied = new EntityState();
        const state = new EntityState();
        const batch = new EntityLayer(state);
        for (const steps of transactions) {
          const transaction = new EntityLayer(batch);
          for (const one of steps) {
            layDown(transaction, one);
            apply(applied, one);
          }
          transaction.mergeInto(batch);
        }
        expect(shown(batch)).toEqual(shown(applied));
        applyLayer(state, batch);
        expect(shown(state)).toEqual(shown(applied));
        const pairs = (of: EntityState) =>
          [...of.all('key')].map((one) => of.keysOfPair([one.keyName, one.keyAlias || 'none']));
        expect(pairs(state).sort()).toEqual(pairs(applied).sort());
      }),
    );
  });

  it('applied and looked at again over what it was applied to, it shows the same', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), fc.array(step, { maxLength: 12 }), (first, second) => {
        const state = new EntityState();
        const stored = new EntityLayer(state);
        for (const one of first) layDown(stored, one);
        const gathering = new EntityLayer(stored);
        for (const one of second) layDown(gathering, one);
        const before = shown(gathering);
        applyLayer(state, stored);
        expect(shown(gathering)).toEqual(before);
        gathering.rebase(state);
        expect(shown(gathering)).toEqual(before);
      }),
    );
  });

  it('tokens that are replaced in a circle end the search, and no key answers', () => {
    const state = new EntityState();
    const layer = new EntityLayer(state);
    state.replaceToken('a', 'b', 0);
    layer.replaceToken('b', 'c');
    layer.replaceToken('c', 'b');
    expect(layer.keyOfToken('a')).toBeUndefined();
    layer.put(key('b'));
    expect(layer.keyOfToken('b')?.token).toBe('b');
  });

  it('a key that the layer has deleted does not answer for a token that was replaced by it below', () => {
    const state = new EntityState();
    state.apply({ op: 'put', entity: key('new') }, 0);
    state.replaceToken('old', 'new', 0);
    const layer = new EntityLayer(state);
    expect(layer.keyOfToken('old')?.token).toBe('new');
    layer.delete('key', 'new');
    expect(layer.keyOfToken('old')).toBeUndefined();
  });

  it('W9: is bounded by the entities it touches', () => {
    const layer = new EntityLayer(new EntityState());
    for (let row = 0; row < 10_000; row++) layer.put(team(`t${row % 3}`, { spend: row }));
    expect([...layer.operations()]).toHaveLength(3);
    expect(layer.empty).toBe(false);
    expect(new EntityLayer(layer).empty).toBe(true);
  });
});
