import { type Change, lsnOf } from '@app/change';
import { describe, expect, it } from '@jest/globals';
import { insert, remove, update } from '../../../test/support/fake-postgres.js';
import { key, team } from '../../../test/support/fake-state.js';
import { deltaOf, SETTINGS, spend } from '../../../test/support/given-pipeline.js';
import { Delta } from './delta.js';
import { EntityState } from './entity-state.js';
import { SpendFold } from './fold.js';
import { type Folded, type RowChange, spendLogKey, TransactionFold } from './transaction-fold.js';
import type { CounterKind } from './view.js';

const NOW = Date.now();

function folding(entities = new EntityState()): TransactionFold {
  const context = { fold: new SpendFold(SETTINGS), schema: 'public', entities };
  return new TransactionFold(context, { kind: 'begin', commitLsn: lsnOf(1n), commitTime: NOW });
}

function folded(entities: EntityState, ...changes: Change[]): Folded {
  const fold = folding(entities);
  for (const change of changes) fold.add(change as RowChange);
  return fold.finish();
}

function counters(delta: Delta, kind: CounterKind): Record<string, number> {
  const entries = [...(delta.counters[kind]?.values() ?? [])];
  return Object.fromEntries(entries.map(({ labels, value }) => [labels.join('|'), value[0]]));
}

function state(...entities: Parameters<EntityState['apply']>[0][]): EntityState {
  const all = new EntityState();
  for (const one of entities) all.apply(one, 0);
  return all;
}

const put = (entity: ReturnType<typeof key> | ReturnType<typeof team>) => ({ op: 'put' as const, entity });
const truncate = (table: string): Change => ({ kind: 'truncate', relations: [{ schema: 'public', table }] });

describe('the fold of a transaction', () => {
  it('an update without a column keeps what is known of it', () => {
    const before = state(put(team('t', { teamAlias: 'one', maxBudget: 5, models: ['a'] })));
    const { entities } = folded(before, update('team', { team_id: 't', spend: 7 }));
    expect(entities.get('team', 't')).toMatchObject({ teamAlias: 'one', maxBudget: 5, models: ['a'], spend: 7 });
  });

  it('an update to NULL takes a value away', () => {
    const before = state(put(team('t', { teamAlias: 'one', maxBudget: 5 })));
    const { entities } = folded(before, update('team', { team_id: 't', max_budget: null, team_alias: null }));
    expect(entities.get('team', 't')).toMatchObject({ teamAlias: '', maxBudget: null });
  });

  it('a rotated key keeps its sums: its new row has what the old one had, and the old token leads to it', () => {
    const before = state(put(key('old', { keyName: 'sk-1', keyAlias: 'mine', maxBudget: 9 })));
    const rotation = update('key', { token: 'new', key_name: 'sk-2' }, { token: 'old' });
    const { entities } = folded(before, rotation, spend({ api_key: 'old' }), spend({ api_key: 'new' }));
    expect(entities.get('key', 'old')).toBeUndefined();
    expect(entities.get('key', 'new')).toMatchObject({ keyName: 'sk-2', keyAlias: 'mine', maxBudget: 9 });
    expect(entities.keyOfToken('old')?.token).toBe('new');
  });

  it('counters go by the labels in force at the commit, also of a key that is rotated in the same transaction', () => {
    const before = state(put(key('old', { keyName: 'sk-1', keyAlias: 'mine' })));
    const rotation = update('key', { token: 'new', key_name: 'sk-2' }, { token: 'old' });
    const one = folded(before, spend({ api_key: 'old', spend: 2 }), rotation, spend({ api_key: 'new', spend: 3 }));
    expect(counters(deltaOf(one), 'key_spend_usd')).toEqual({ 'sk-2|mine': 5 });
  });

  it('an old key that is sent whole but unchanged is no rotation (REPLICA IDENTITY FULL)', () => {
    const before = state(put(key('same', { keyName: 'sk-1' })));
    const { entities } = folded(
      before,
      update('key', { token: 'same', key_alias: 'x' }, { token: 'same', key_alias: '' }),
    );
    expect(entities.get('key', 'same')).toMatchObject({ keyAlias: 'x', keyName: 'sk-1' });
    expect(entities.replacedTokens.size).toBe(0);
  });

  it('delete and insert again leaves the new row alone', () => {
    const before = state(put(team('t', { teamAlias: 'one', maxBudget: 5 })));
    const { entities } = folded(before, remove('team', { team_id: 't' }), insert('team', { team_id: 't', spend: 0 }));
    expect(entities.get('team', 't')).toMatchObject({ teamAlias: '', maxBudget: null });
  });

  it('truncating an entity table empties it, and what is inserted afterwards is in it', () => {
    const before = state(put(team('t1')), put(team('t2')));
    const { entities } = folded(before, truncate('LiteLLM_TeamTable'), insert('team', { team_id: 't3', spend: 0 }));
    expect(['t1', 't2', 't3'].map((id) => entities.get('team', id)?.teamId)).toEqual([undefined, undefined, 't3']);
  });

  it('what is done to spend logs but inserts changes nothing, and is counted', () => {
    const one = folded(
      new EntityState(),
      update('spend_logs', { request_id: 'r', spend: 100 }),
      remove('spend_logs', { request_id: 'r' }),
      remove('spend_logs', { request_id: 'r2' }),
      truncate('LiteLLM_SpendLogs'),
    );
    const delta = deltaOf(one);
    expect(counters(delta, 'rows_ignored')).toEqual({ update: 1, delete: 2, truncate: 1 });
    expect(delta.rows).toBe(0);
    expect(delta.series).toEqual({});
  });

  it('counts changes by table and operation, and transactions', () => {
    const one = folded(
      new EntityState(),
      spend(),
      spend(),
      insert('team', { team_id: 't' }),
      truncate('LiteLLM_TeamTable'),
    );
    const delta = deltaOf(one);
    expect(counters(delta, 'changes')).toEqual({ 'spend_logs|insert': 2, 'team|insert': 1, 'team|truncate': 1 });
    expect(counters(delta, 'transactions')).toEqual({ '': 1 });
  });

  it('rows of unknown keys count under none/none, those of unknown teams under no team', () => {
    const one = folded(new EntityState(), spend({ api_key: 'who', team_id: 'nobody', spend: 4 }));
    const delta = deltaOf(one);
    expect(counters(delta, 'key_spend_usd')).toEqual({ 'none|none': 4 });
    expect(counters(delta, 'team_spend_usd')).toEqual({});
  });

  it('keys and teams without name or alias are called none', () => {
    const before = state(put(key('k', { keyName: 'sk-1' })), put(team('t')));
    const one = folded(before, spend({ api_key: 'k', team_id: 't', spend: 4 }));
    const delta = deltaOf(one);
    expect(counters(delta, 'key_spend_usd')).toEqual({ 'sk-1|none': 4 });
    expect(counters(delta, 'team_spend_usd')).toEqual({ 't|none': 4 });
  });

  it('an entity that feeds no family is not kept, and is forgotten when it feeds none any more', () => {
    const { entities } = folded(new EntityState(), insert('end_user', { user_id: 'u', spend: 1, blocked: false }));
    expect(entities.get('end_user', 'u')).toBeUndefined();
    const blocked = folded(new EntityState(), insert('end_user', { user_id: 'u', spend: 1, blocked: true }));
    expect(blocked.entities.get('end_user', 'u')?.blocked).toBe(true);
    const kept = new EntityState();
    for (const operation of blocked.entities.operations()) kept.apply(operation, 0);
    const freed = folded(kept, update('end_user', { user_id: 'u', blocked: false }));
    expect(freed.entities.get('end_user', 'u')).toBeUndefined();
  });

  it('a row without its primary key is counted and passed over', () => {
    const one = folded(new EntityState(), insert('team', { team_alias: 'nameless' }), remove('key', {}));
    expect(counters(deltaOf(one), 'rows_rejected')).toEqual({ key_missing: 2 });
  });

  it('tables of another schema, and those that are not read, change nothing', () => {
    const foreign = { kind: 'insert', relation: { schema: 'other', table: 'LiteLLM_SpendLogs' }, row: {} } as const;
    const unknown = { kind: 'insert', relation: { schema: 'public', table: 'LiteLLM_AuditLog' }, row: {} } as const;
    const one = folded(new EntityState(), foreign, unknown);
    expect(deltaOf(one).counters.changes).toBeUndefined();
    expect(one.entities.empty).toBe(true);
  });

  it('a leaf of a partitioned table is the table', () => {
    const leaf = { ...spend(), relation: { schema: 'public', table: 'LiteLLM_SpendLogs_2026_01' } } as RowChange;
    expect(folded(new EntityState(), leaf).rows).toBe(1);
  });

  it('an unreadable time is counted and gives no row; a spend that is no number counts 0', () => {
    const one = folded(new EntityState(), spend({ startTime: 'yesterday' }), spend({ spend: null, model: 'm' }));
    const delta = deltaOf(one);
    expect(counters(delta, 'rows_rejected')).toEqual({ time_unreadable: 1, spend_not_finite: 1 });
    expect(counters(delta, 'requests_processed')).toEqual({ 'm|success': 1 });
  });

  it('W9: a transaction of many rows comes to the same as many small ones, and keeps no rows', () => {
    const rows = Array.from({ length: 2_500 }, (_, at) => spend({ model: `m${at % 3}`, spend: 1 }));
    const large = folded(new EntityState(), ...rows);
    const small = new Delta();
    for (const row of rows) folded(new EntityState(), row).addTo(small);
    const delta = deltaOf(large);
    expect(large.rows).toBe(2_500);
    expect(delta.series).toEqual(small.series);
    expect(counters(delta, 'spend_usd')).toEqual({ m0: 834, m1: 833, m2: 833 });
    expect(counters(delta, 'changes')).toEqual({ 'spend_logs|insert': 2_500 });
  });

  it('W10: a row that can not be folded is counted, named by its error alone, and takes no other with it', () => {
    class Poisoned extends SpendFold {
      override add(...[delta, byId, fact, origin]: Parameters<SpendFold['add']>): void {
        if (fact.model === 'poison') throw new RangeError('secret content');
        super.add(delta, byId, fact, origin);
      }
    }
    const context = { fold: new Poisoned(SETTINGS), schema: 'public', entities: new EntityState() };
    const fold = new TransactionFold(context, { kind: 'begin', commitLsn: lsnOf(1n), commitTime: NOW });
    for (const model of ['a', 'poison', 'b']) fold.add(spend({ model }) as RowChange);
    const one = fold.finish();
    const delta = deltaOf(one);
    expect(counters(delta, 'rows_rejected')).toEqual({ unfoldable_row: 1 });
    expect(counters(delta, 'requests_processed')).toEqual({ 'a|success': 1, 'b|success': 1 });
    expect(one.unfoldable).toBe('RangeError');
  });

  describe('rows whose metadata has to be read', () => {
    const failure = (request: string): Change => spend({ request_id: request, status: 'failure', metadata: undefined });

    it('wait for it, and go by what it says', () => {
      const fold = folding();
      for (const request of ['r1', 'r2']) fold.add(failure(request) as RowChange);
      expect(fold.pending).toBe(2);
      expect(() => fold.finish()).toThrow('only when no row is pending');
      const facts = fold.takePending();
      expect(facts.map(spendLogKey).map(({ requestId }) => requestId)).toEqual(['r1', 'r2']);
      expect(fold.pending).toBe(0);
      fold.complete(facts, new Map([['r2', { status: null, errorClass: 'Timeout' }]]));
      const one = fold.finish();
      const delta = deltaOf(one);
      expect(counters(delta, 'request_errors')).toEqual({ 'gpt-5|unknown': 1, 'gpt-5|Timeout': 1 });
      expect(counters(delta, 'rows_rejected')).toEqual({ metadata_gone: 1 });
    });

    it('a row of history is not read for', () => {
      const fold = folding();
      const old = new Date(NOW - 48 * 3_600_000).toISOString();
      fold.add(spend({ status: 'failure', metadata: undefined, startTime: old, endTime: old }) as RowChange);
      expect(fold.pending).toBe(0);
      expect(counters(deltaOf(fold.finish()), 'rows_history')).toEqual({ '': 1 });
    });
  });

  it('notices that spend on keys, teams and users grows', () => {
    const before = state(put(key('k', { spend: 1 })));
    expect(folded(before, update('key', { token: 'k', spend: 1 })).spendGrew).toBe(false);
    expect(folded(before, update('key', { token: 'k', spend: 0 })).spendGrew).toBe(false);
    expect(folded(before, update('key', { token: 'k', spend: 2 })).spendGrew).toBe(true);
    expect(folded(before, insert('key', { token: 'other', spend: 9 })).spendGrew).toBe(false);
  });
});
