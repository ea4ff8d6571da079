import { type KeyOwner, keyLabels, type StateView } from '@app/aggregates';
import { isUiKey } from '@app/litellm';
import { type GaugeFamily, gauge } from '../family.js';
import { each, type Steps } from '../steps.js';
import { budgetRow } from './budget-holders.js';
import { ENTITY_LABELS, joined, KEY_LABELS, orNone } from './labels.js';

/** What is known of all keys that share name and alias and have a budget or an expiry. UI log-ins are left out. */
interface KeyPair {
  readonly labels: readonly string[];
  /** Earliest expiry of all, in milliseconds since the Unix epoch. */
  expires: number | null;
  /** Earliest expiry that lies ahead. */
  expiresNext: number | null;
  /** Sum of the budgets; null where no key of the pair has one. */
  budget: number | null;
  /** Spend of the keys that have a budget. */
  spend: number;
}

const SHARED = 'summed over keys of the same name and alias';

/** Keys by name and alias. */
export const KEY_FAMILIES: readonly GaugeFamily[] = [
  pairFamily({
    name: 'litellm_key_expiry',
    help: 'Seconds until the earliest expiry that lies ahead, over keys of the same name and alias; no series without one.',
    kept: true,
    value: ({ expiresNext }, clock) => (expiresNext === null ? null : (expiresNext - clock) / 1000),
  }),
  pairFamily({
    name: 'litellm_key_budget',
    help: `Budget of the key in USD (its own, else its budget row's), ${SHARED}.`,
    kept: true,
    value: ({ budget }) => budget,
  }),
  pairFamily({
    name: 'litellm_key_budget_spend',
    help: `Spend in USD of keys with a budget since LiteLLM last reset it, ${SHARED}. It falls to 0 at a reset, so not for rate().`,
    kept: true,
    value: ({ budget, spend }) => (budget === null ? null : spend),
  }),
  pairFamily({
    name: 'litellm_key_expires_timestamp_seconds',
    help: 'Unix time of the earliest expiry of all keys of the same name and alias, kept after it has passed.',
    kept: false,
    value: ({ expires }) => (expires === null ? null : expires / 1000),
  }),
  ownerFamily('litellm_active_keys', 'Keys that are neither blocked nor expired', 'active'),
  ownerFamily('litellm_expired_keys', 'Keys that have expired', 'expired'),
];

interface PairFamily {
  readonly name: string;
  readonly help: string;
  readonly kept: boolean;
  readonly value: (pair: KeyPair, clock: number) => number | null;
}

function pairFamily({ name, help, kept, value }: PairFamily): GaugeFamily {
  return gauge({
    name,
    help,
    kept,
    labels: KEY_LABELS,
    *collect(reading, emit) {
      const pairs = yield* reading.once(keyPairs);
      yield* each(pairs.values(), (pair) => {
        const amount = value(pair, reading.view.clock);
        if (amount !== null) emit(pair.labels, amount);
      });
    },
  });
}

function* keyPairs(view: StateView): Steps<ReadonlyMap<string, KeyPair>> {
  const pairs = new Map<string, KeyPair>();
  yield* each(view.entities.restrictedKeys(), (key) => {
    const budget = key.maxBudget ?? budgetRow(view, key.budgetId)?.maxBudget ?? null;
    if (isUiKey(key) || (budget === null && key.expires === null)) return;
    const labels = keyLabels(key);
    const id = joined(...labels);
    let pair = pairs.get(id);
    if (pair === undefined) {
      pair = { labels, expires: null, expiresNext: null, budget: null, spend: 0 };
      pairs.set(id, pair);
    }
    if (key.expires !== null) {
      pair.expires = earlier(pair.expires, key.expires);
      if (key.expires > view.clock) pair.expiresNext = earlier(pair.expiresNext, key.expires);
    }
    if (budget === null) return;
    pair.budget = (pair.budget ?? 0) + budget;
    pair.spend += key.spend;
  });
  return pairs;
}

function earlier(known: number | null, time: number): number {
  return known === null ? time : Math.min(known, time);
}

/** How many keys somebody owns. */
interface KeyOwning {
  readonly labels: readonly string[];
  active: number;
  expired: number;
}

function ownerFamily(name: string, what: string, count: 'active' | 'expired'): GaugeFamily {
  return gauge({
    name,
    help: `${what}, by the user, team and organization of the key itself; 0 is shown for owners of at least one key.`,
    kept: true,
    labels: ENTITY_LABELS,
    *collect(reading, emit) {
      const owners = yield* reading.once(keyOwners);
      yield* each(owners.values(), (owner) => emit(owner.labels, owner[count]));
    },
  });
}

function* keyOwners(view: StateView): Steps<ReadonlyMap<string, KeyOwning>> {
  const { entities, clock } = view;
  const owners = new Map<string, KeyOwning>();
  const ownerOf = (type: KeyOwner, id: string): KeyOwning | undefined => {
    const known = owners.get(joined(type, id));
    if (known !== undefined || id === '') return known;
    const alias = aliasOf(view, type, id);
    if (alias === undefined) return undefined;
    const owner = { labels: [type, id, orNone(alias)], active: 0, expired: 0 };
    owners.set(joined(type, id), owner);
    return owner;
  };
  for (const type of ['user', 'team', 'organization'] as const) {
    yield* each(entities.unrestrictedKeysBy(type), ([id, keys]) => {
      const owner = ownerOf(type, id);
      if (owner !== undefined) owner.active += keys;
    });
  }
  yield* each(entities.restrictedKeys(), (key) => {
    if (isUiKey(key)) return;
    const expired = key.expires !== null && key.expires <= clock;
    const active = !expired && !key.blocked;
    const { userId, teamId, organizationId } = key;
    for (const owner of [ownerOf('user', userId), ownerOf('team', teamId), ownerOf('organization', organizationId)]) {
      if (owner === undefined) continue;
      if (expired) owner.expired += 1;
      if (active) owner.active += 1;
    }
  });
  return owners;
}

/** The alias of an owner; undefined where there is no such entity. */
function aliasOf({ entities }: StateView, type: KeyOwner, id: string): string | undefined {
  switch (type) {
    case 'user':
      return entities.get('user', id)?.userAlias;
    case 'team':
      return entities.get('team', id)?.teamAlias;
    case 'organization':
      return entities.get('organization', id)?.organizationAlias;
  }
}
