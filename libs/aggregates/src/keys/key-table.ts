import { isUiKey, type KeyEntity } from '@app/litellm';
import { hashOfTexts } from '../hash-of-texts.js';
import { keyText } from '../key.js';
import type { KeyOwner } from '../view.js';
import { canBePacked, isUnrestricted, PackedKeys } from './packed-keys.js';
import { PairCounts } from './pair-counts.js';

/** The labels by which families and counters name a key. */
export function keyLabels(key: KeyEntity | undefined): readonly [name: string, alias: string] {
  if (key === undefined) return ['none', 'none'];
  return [key.keyName === '' ? 'none' : key.keyName, key.keyAlias === '' ? 'none' : key.keyAlias];
}

/**
 * All keys by token. Those that nothing restricts are packed, and of these only what is counted is ever looked through:
 * an answer costs by the keys that have something to show, not by those that are known.
 */
export class KeyTable {
  #packed = new PackedKeys();
  /** Keys that are not packed, in the order in which they came. */
  readonly #whole = new Map<string, KeyEntity>();
  #pairs = this.#newPairs();
  readonly #unrestricted: Readonly<Record<KeyOwner, Map<string, number>>> = {
    user: new Map(),
    team: new Map(),
    organization: new Map(),
  };

  get size(): number {
    return this.#packed.size + this.#whole.size;
  }

  get(token: string): KeyEntity | undefined {
    const whole = this.#whole.get(token);
    if (whole !== undefined) return whole;
    const address = this.#packed.find(token);
    return address === undefined ? undefined : this.#packed.read(address, token);
  }

  set(key: KeyEntity): void {
    const before = this.get(key.token);
    if (before !== undefined && sameButSpend(before, key)) {
      this.#setSpend(key);
      return;
    }
    const placeStays = this.#whole.has(key.token) && !canBePacked(key);
    if (before !== undefined) this.#remove(before, placeStays);
    this.#add(key);
  }

  delete(token: string): void {
    const before = this.get(token);
    if (before !== undefined) this.#remove(before, false);
  }

  clear(): void {
    this.#packed = new PackedKeys();
    this.#whole.clear();
    this.#pairs = this.#newPairs();
    for (const owners of Object.values(this.#unrestricted)) owners.clear();
  }

  *values(): Iterable<KeyEntity> {
    yield* this.#whole.values();
    yield* this.#packed.all();
  }

  /** Keys with a limit, a budget or budget row, an expiry, a list of models, or a block; UI log-ins among them. */
  *restricted(): Iterable<KeyEntity> {
    for (const key of this.#whole.values()) if (!isUnrestricted(key)) yield key;
  }

  /** How many keys that nothing restricts each owner has, without UI log-ins; none of those that have no such key. */
  unrestrictedBy(owner: KeyOwner): Iterable<readonly [id: string, keys: number]> {
    return this.#unrestricted[owner];
  }

  /** How many keys bear a pair of {@link keyLabels}. */
  keysOfPair(labels: readonly string[]): number {
    return this.#pairs.count(keyText(labels));
  }

  #setSpend(key: KeyEntity): void {
    if (this.#whole.has(key.token)) this.#whole.set(key.token, key);
    else this.#packed.setSpend(this.#packed.find(key.token) as number, key.spend);
  }

  #add(key: KeyEntity): void {
    const pair = keyText(keyLabels(key));
    if (canBePacked(key)) this.#pairs.add(pair, this.#packed.add(key, hashOfTexts([pair])));
    else {
      this.#whole.set(key.token, key);
      this.#pairs.add(pair);
    }
    this.#countOwners(key, 1);
  }

  /** `placeStays`: the key is replaced at once, and keeps its place in the order. */
  #remove(key: KeyEntity, placeStays: boolean): void {
    const pair = keyText(keyLabels(key));
    if (this.#whole.has(key.token)) {
      if (!placeStays) this.#whole.delete(key.token);
      this.#pairs.remove(pair);
    } else {
      const address = this.#packed.find(key.token) as number;
      this.#pairs.remove(pair, address);
      this.#packed.remove(address);
    }
    this.#countOwners(key, -1);
  }

  #countOwners(key: KeyEntity, by: 1 | -1): void {
    if (!isUnrestricted(key) || isUiKey(key)) return;
    const { user, team, organization } = this.#unrestricted;
    count(user, key.userId, by);
    count(team, key.teamId, by);
    count(organization, key.organizationId, by);
  }

  #newPairs(): PairCounts {
    return new PairCounts({
      pairAt: (address) => keyText(keyLabels(this.#packed.read(address))),
      pairHash: (address) => this.#packed.pairHash(address),
    });
  }
}

function sameButSpend(one: KeyEntity, other: KeyEntity): boolean {
  return (
    one.keyName === other.keyName &&
    one.keyAlias === other.keyAlias &&
    one.userId === other.userId &&
    one.teamId === other.teamId &&
    one.organizationId === other.organizationId &&
    isUnrestricted(one) &&
    isUnrestricted(other)
  );
}

function count(owners: Map<string, number>, id: string, by: 1 | -1): void {
  if (id === '') return;
  const keys = (owners.get(id) ?? 0) + by;
  if (keys === 0) owners.delete(id);
  else owners.set(id, keys);
}
