import { createHash } from 'node:crypto';
import type { KeyEntity } from '@app/litellm';
import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { key } from '../../../../test/support/fake-state.js';
import { AddressIndex } from '../address-index.js';
import { KeyTable, keyLabels } from './key-table.js';
import { canBePacked, isUnrestricted } from './packed-keys.js';

const tokenOf = (at: number): string => createHash('sha256').update(`${at}`).digest('hex');

const MANY = 8_000;

const token = fc.oneof(fc.nat(40).map(tokenOf), fc.constantFrom('not hashed', 'ABC', ''));
const name = fc.constantFrom('', 'none', 'sk-...abcd', 'naïve 🦙', 'x'.repeat(200));
const owner = fc.constantFrom('', 'u1', 'u2', 'litellm-dashboard');
const sometimes = <T>(value: T) => fc.oneof({ weight: 6, arbitrary: fc.constant(null) }, fc.constant(value));
const facts = fc.record({
  ...{ keyName: name, keyAlias: name, userId: owner, teamId: owner, organizationId: owner },
  ...{ spend: fc.double({ noNaN: true, noDefaultInfinity: true }), maxBudget: sometimes(0), tpmLimit: sometimes(5) },
  ...{ expires: sometimes(1_000), blocked: fc.oneof({ weight: 6, arbitrary: fc.constant(false) }, fc.constant(true)) },
  budgetId: fc.oneof({ weight: 6, arbitrary: fc.constant('') }, fc.constant('b')),
  models: fc.oneof({ weight: 6, arbitrary: fc.constant([]) }, fc.constant(['gpt-5'])),
});
type Act = ['set', KeyEntity] | ['delete', string] | ['clear'];
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 20, arbitrary: fc.tuple(token, facts).map(([of, more]): Act => ['set', key(of, more)]) },
  { weight: 8, arbitrary: token.map((of): Act => ['delete', of]) },
  { weight: 1, arbitrary: fc.constant<Act>(['clear']) },
);

function perform(table: KeyTable, model: Map<string, KeyEntity>, [what, of]: Act): void {
  if (what === 'set') {
    table.set(of);
    model.set(of.token, of);
  } else if (what === 'delete') {
    table.delete(of);
    model.delete(of);
  } else {
    table.clear();
    model.clear();
  }
}

function sorted(keys: Iterable<KeyEntity>): KeyEntity[] {
  return [...keys].sort((one, other) => (one.token < other.token ? -1 : 1));
}

function counted<T>(things: Iterable<T>): Map<T, number> {
  const counts = new Map<T, number>();
  for (const thing of things) counts.set(thing, (counts.get(thing) ?? 0) + 1);
  return counts;
}

describe('the table of keys', () => {
  it('says what a map of objects would, whatever has been set and deleted', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 120, size: 'max' }), (acts) => {
        const table = new KeyTable();
        const model = new Map<string, KeyEntity>();
        for (const one of acts) perform(table, model, one);
        const keys = [...model.values()];
        expect(table.size).toBe(model.size);
        expect(sorted(table.values())).toEqual(sorted(keys));
        for (const one of keys) expect(table.get(one.token)).toEqual(one);
        expect(table.get(tokenOf(41))).toBeUndefined();
        expect(sorted(table.restricted())).toEqual(sorted(keys.filter((one) => !isUnrestricted(one))));
        const shown = keys.filter((one) => isUnrestricted(one) && one.teamId !== 'litellm-dashboard');
        for (const type of ['user', 'team', 'organization'] as const) {
          const ids = shown.map((one) => one[`${type}Id`]).filter((id) => id !== '');
          expect(new Map(table.unrestrictedBy(type))).toEqual(counted(ids));
        }
        const pairs = counted(keys.map((one) => keyLabels(one).join('\u0000')));
        for (const [pair, bearers] of pairs) expect(table.keysOfPair(pair.split('\u0000'))).toBe(bearers);
        expect(table.keysOfPair(['nobody', 'bears this'])).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  it('finds each of many keys again, and none of those that are gone', () => {
    const table = new KeyTable();
    const many = Array.from({ length: 30_000 }, (_, at) =>
      key(tokenOf(at), { keyAlias: `key-${at}`, userId: `u${at % 7}` }),
    );
    for (const one of many) table.set(one);
    for (const one of many.slice(0, 20_000)) table.delete(one.token);
    expect(table.size).toBe(10_000);
    expect(many.slice(0, 20_000).filter((one) => table.get(one.token) !== undefined)).toEqual([]);
    expect(many.slice(20_000).every((one) => table.get(one.token)?.keyAlias === one.keyAlias)).toBe(true);
    expect(table.keysOfPair(['none', 'key-5'])).toBe(0);
    expect(table.keysOfPair(['none', 'key-25000'])).toBe(1);
  });

  it.each<[string, (at: number) => string]>([
    ['hashes', tokenOf],
    ['numbers with zeros before them', (at) => `${at}`.padStart(64, '0')],
    ['numbers in hexadecimal', (at) => at.toString(16).padStart(64, '0')],
    ['numbers with zeros behind them', (at) => `${at + 100_000}`.padEnd(64, '0')],
    ['numbers that are all multiples', (at) => (at * 65_536).toString(16).padStart(64, '0')],
    ['two numbers that grow together', (at) => `${at}`.padStart(32, '0') + `${at}`.padStart(32, '0')],
    ['numbers on both ends', (at) => `${at % 256}`.padStart(8, '0') + `${at}`.padStart(56, '0')],
  ])('W9: looks at a handful of places for a key, whatever tokens look like: %s', (_, tokenAt) => {
    const { find } = AddressIndex.prototype;
    let searches = 0;
    let probes = 0;
    let most = 0;
    const spy = jest.spyOn(AddressIndex.prototype, 'find').mockImplementation(function (
      this: AddressIndex,
      hash,
      isIt,
    ) {
      const before = probes;
      searches += 1;
      const found = find.call(this, hash, (address) => {
        probes += 1;
        return isIt(address);
      });
      most = Math.max(most, probes - before);
      return found;
    });
    try {
      const table = new KeyTable();
      for (let at = 0; at < MANY; at++) table.set(key(tokenAt(at), { keyAlias: `alias ${at}` }));
      for (let at = 0; at < MANY; at++)
        if (table.get(tokenAt(at))?.keyAlias !== `alias ${at}`) throw new Error(tokenAt(at));
      expect(table.size).toBe(MANY);
    } finally {
      spy.mockRestore();
    }
    expect(searches).toBeGreaterThan(2 * MANY);
    // With 70 % of all places taken, linear probing looks at six for what is not there, on average.
    expect(probes / searches).toBeLessThan(6);
    expect(most).toBeLessThan(200);
  });

  it('uses the room of deleted keys again', () => {
    const table = new KeyTable();
    const before = process.memoryUsage().arrayBuffers;
    for (let at = 0; at < 40_000; at++) {
      table.set(key(tokenOf(at), { keyAlias: `key-${at % 10}` }));
      if (at >= 100) table.delete(tokenOf(at - 100));
    }
    expect(table.size).toBe(100);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(3_000_000);
  });

  it.each([
    ['a limit of 0', { rpmLimit: 0 }],
    ['a budget of 0', { maxBudget: 0 }],
    ['a budget row', { budgetId: 'b' }],
    ['a time of reset', { budgetResetAt: 0 }],
    ['an expiry', { expires: 0 }],
    ['a block', { blocked: true }],
    ['a list of models', { models: ['gpt-5'] }],
  ] as const)('keeps a key with %s whole, since families show it', (_, restriction) => {
    const one = key(tokenOf(1), restriction);
    expect([isUnrestricted(one), canBePacked(one)]).toEqual([false, false]);
    const table = new KeyTable();
    table.set(key(tokenOf(1)));
    table.set(one);
    expect([...table.restricted()]).toEqual([one]);
    expect([...table.unrestrictedBy('user')]).toEqual([]);
  });
});
