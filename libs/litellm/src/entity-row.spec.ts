import type { ColumnValue, Row } from '@app/change';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type EntityTable, entityKey, KEY_SEPARATOR } from './entity.js';
import { entityKeyOfRow, isKept, readEntity } from './entity-row.js';
import { ENTITY_TABLES, TABLES } from './tables.js';

const KEY_ROW: Row = {
  token: 'hash',
  key_name: 'sk-...abcd',
  key_alias: 'ci',
  user_id: 'u1',
  team_id: 't1',
  organization_id: 'o1',
  budget_id: 'b1',
  models: '{gpt-4o,"claude 3"}',
  spend: 1.5,
  max_budget: 10,
  budget_reset_at: '2026-03-01 00:00:00',
  expires: '2026-04-01 00:00:00.5',
  blocked: true,
  max_parallel_requests: 3,
  tpm_limit: 1000,
  rpm_limit: '9223372036854775807',
};

/** One value of each type, in PostgreSQL's text form. */
const SAMPLES: Record<string, string> = {
  text: 'x',
  float: '1.25',
  integer: '7',
  boolean: 't',
  timestamp: '2026-03-01 00:00:00',
  json: '[{"role": "admin"}]',
  array: '{a}',
};

function sampleRow(table: EntityTable): Row {
  return Object.fromEntries(TABLES[table].columns.map(({ name, type }) => [name, SAMPLES[type]]));
}

describe('readEntity', () => {
  it('reads a whole key', () => {
    expect(readEntity('key', KEY_ROW, undefined)).toEqual({
      table: 'key',
      token: 'hash',
      keyName: 'sk-...abcd',
      keyAlias: 'ci',
      userId: 'u1',
      teamId: 't1',
      organizationId: 'o1',
      budgetId: 'b1',
      models: ['gpt-4o', 'claude 3'],
      spend: 1.5,
      maxBudget: 10,
      budgetResetAt: Date.UTC(2026, 2, 1),
      expires: Date.UTC(2026, 3, 1) + 500,
      blocked: true,
      maxParallelRequests: 3,
      tpmLimit: 1000,
      rpmLimit: 2 ** 63,
    });
  });

  it.each(ENTITY_TABLES)('reads a %s of every column, from text as from values of the stream', (table) => {
    const texts = sampleRow(table);
    const types = Object.fromEntries(TABLES[table].columns.map(({ name, type }) => [name, type]));
    const values: Row = Object.fromEntries(
      Object.entries(texts).map(([name, text]): [string, ColumnValue] => {
        if (types[name] === 'boolean') return [name, true];
        return [name, types[name] === 'float' || types[name] === 'integer' ? Number(text) : (text ?? null)];
      }),
    );
    const entity = readEntity(table, texts, undefined);
    expect(entity).toEqual(readEntity(table, values, undefined));
    expect(entity.table).toBe(table);
    expect(Object.values(entity)).not.toContain(undefined);
  });

  it.each(ENTITY_TABLES)('keeps of a %s what an update did not send (unchanged TOAST)', (table) => {
    const whole = readEntity(table, sampleRow(table), undefined);
    expect(readEntity(table, {}, whole)).toEqual(whole);
  });

  it.each(ENTITY_TABLES)('reads of a %s only columns that its table declares', (table) => {
    const read = new Set<string>();
    const row = new Proxy({}, { get: (_, name) => void read.add(String(name)) });
    readEntity(table, row, undefined);
    const declared = TABLES[table].columns.map(({ name }) => name);
    expect([...read].sort()).toEqual([...declared].sort());
  });

  it('clears what an update sent as NULL', () => {
    const whole = readEntity('key', KEY_ROW, undefined);
    const cleared = readEntity(
      'key',
      { token: 'hash', key_alias: null, models: '{}', max_budget: null, expires: null, blocked: null },
      whole,
    );
    expect(cleared).toEqual({ ...whole, keyAlias: '', models: [], maxBudget: null, expires: null, blocked: false });
  });

  it('has no limits, no entries and no name where the columns are missing', () => {
    expect(readEntity('team', { team_id: 't1', spend: 0 }, undefined)).toEqual({
      table: 'team',
      teamId: 't1',
      teamAlias: '',
      organizationId: '',
      models: [],
      spend: 0,
      maxBudget: null,
      softBudget: null,
      budgetResetAt: null,
      blocked: false,
      roleCounts: { members: 0, admins: 0 },
      admins: [],
      members: [],
      maxParallelRequests: null,
      tpmLimit: null,
      rpmLimit: null,
    });
  });

  it('keeps 0 as a real limit, and takes a limit that is not finite for none', () => {
    const limit = (value: ColumnValue): number | null =>
      readEntity('budget', { budget_id: 'b', max_budget: value }, undefined).maxBudget;
    expect([0, '0', null, 'NaN', 'Infinity', ''].map(limit)).toEqual([0, 0, null, null, null, null]);
  });

  it('takes a spend that is not finite for 0, not for the one before', () => {
    const before = readEntity('user', { user_id: 'u', spend: 5 }, undefined);
    expect(readEntity('user', { user_id: 'u', spend: null }, before).spend).toBe(0);
    expect(readEntity('user', { user_id: 'u', spend: 'NaN' }, before).spend).toBe(0);
  });

  it('follows a budget reset: spend 0 and the next reset, all else as it was', () => {
    const before = readEntity('key', KEY_ROW, undefined);
    const after = readEntity('key', { token: 'hash', spend: 0, budget_reset_at: '2026-04-01 00:00:00' }, before);
    expect(after).toEqual({ ...before, spend: 0, budgetResetAt: Date.UTC(2026, 3, 1) });
  });

  it('follows a rotation: another token, all else as it was', () => {
    const before = readEntity('key', KEY_ROW, undefined);
    expect(readEntity('key', { token: 'new', key_name: 'sk-...wxyz' }, before)).toEqual({
      ...before,
      token: 'new',
      keyName: 'sk-...wxyz',
    });
  });

  it.each<[ColumnValue, boolean]>([
    [null, false],
    [false, false],
    ['f', false],
    [true, true],
    ['t', true],
  ])('takes blocked %j for %j', (value, blocked) => {
    expect(readEntity('key', { token: 'k', blocked: value }, undefined).blocked).toBe(blocked);
  });

  it.each(['infinity', '-infinity', null, ''])('takes expires %j for never', (value) => {
    expect(readEntity('key', { token: 'k', expires: value }, undefined).expires).toBeNull();
  });

  it.each<[ColumnValue, number, number]>([
    ['{}', 0, 0],
    ['[]', 0, 0],
    [null, 0, 0],
    ['null', 0, 0],
    ['[{"role": "admin", "user_id": "a"}, {"role": "user", "user_id": "b"}]', 2, 1],
    ['[{"role": "user", "user_id": null, "user_email": "x@y"}]', 1, 0],
    [JSON.stringify('[{"role": "admin", "user_id": "a"}]'), 1, 1],
    [JSON.stringify('{}'), 0, 0],
    ['{"role": "admin"}', 0, 0],
    ['["admin", null, {"role": "Admin"}, {"role": ["admin"]}]', 4, 0],
    ['"not json"', 0, 0],
    ['not json', 0, 0],
  ])('counts the members of %j', (value, members, admins) => {
    expect(readEntity('team', { team_id: 't', members_with_roles: value }, undefined).roleCounts).toEqual({
      members,
      admins,
    });
  });

  it('keeps the legacy lists of a team', () => {
    const team = readEntity('team', { team_id: 't', admins: '{a,b}', members: '{b,"c d"}' }, undefined);
    expect([team.admins, team.members]).toEqual([
      ['a', 'b'],
      ['b', 'c d'],
    ]);
  });

  it.each<[ColumnValue, string, string]>([
    ['{"base_model": "azure/gpt-4o", "mode": "chat", "id": "x"}', 'azure/gpt-4o', 'chat'],
    [JSON.stringify('{"base_model": "azure/gpt-4o", "mode": "chat"}'), 'azure/gpt-4o', 'chat'],
    ['{"base_model": null, "mode": 1}', '', ''],
    ['{}', '', ''],
    ['[]', '', ''],
    [null, '', ''],
  ])('reads base model and mode of %j', (value, baseModel, mode) => {
    const row = { model_id: 'm', model_name: 'gpt', model_info: value, litellm_params: '{"api_key": "secret"}' };
    expect(readEntity('model', row, undefined)).toEqual({
      table: 'model',
      modelId: 'm',
      modelName: 'gpt',
      baseModel,
      mode,
    });
  });

  it('never throws, whatever the columns hold', () => {
    const cell = fc.oneof(
      fc.json(),
      fc.string(),
      fc.stringMatching(/^\{[{},"\\a]*$/),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...ENTITY_TABLES),
        fc.dictionary(fc.string(), cell),
        fc.array(cell),
        (table, rest, cells) => {
          const columns = TABLES[table].columns.map(({ name }, at) => [name, cells[at]] as const);
          const entity = readEntity(table, { ...rest, ...Object.fromEntries(columns) }, undefined);
          expect(typeof entityKey(entity)).toBe('string');
          for (const value of Object.values(entity)) {
            expect(typeof value !== 'number' || Number.isFinite(value)).toBe(true);
          }
        },
      ),
    );
  });
});

describe('entityKeyOfRow', () => {
  it.each(ENTITY_TABLES)('gives of a %s the key that the entity itself has, from just its primary key', (table) => {
    const row = Object.fromEntries(TABLES[table].primaryKey.map((name) => [name, `value of ${name}`]));
    expect(entityKeyOfRow(table, row)).toBe(entityKey(readEntity(table, row, undefined)));
  });

  it('names a place in a team by both its parts', () => {
    expect(entityKeyOfRow('team_member', { user_id: 'u', team_id: 't' })).toBe(`t${KEY_SEPARATOR}u`);
  });

  it('is null where a part is missing', () => {
    expect(entityKeyOfRow('team_member', { user_id: 'u' })).toBeNull();
    expect(entityKeyOfRow('key', {})).toBeNull();
    expect(entityKeyOfRow('key', { token: null })).toBeNull();
  });
});

describe('isKept', () => {
  it.each<[EntityTable, Row, boolean]>([
    ['end_user', { user_id: 'c' }, false],
    ['end_user', { user_id: 'c', budget_id: '' }, false],
    ['end_user', { user_id: 'c', budget_id: 'b' }, true],
    ['end_user', { user_id: 'c', blocked: true }, true],
    ['project', { project_id: 'p' }, false],
    ['project', { project_id: 'p', blocked: true }, true],
    ['team_member', { team_id: 't', user_id: 'u' }, false],
    ['team_member', { team_id: 't', user_id: 'u', budget_id: 'b' }, true],
    ['tag', { tag_name: 'x' }, false],
    ['tag', { tag_name: 'x', budget_id: 'b' }, true],
    ['key', { token: 'k' }, true],
    ['team', { team_id: 't' }, true],
    ['user', { user_id: 'u' }, true],
    ['organization', { organization_id: 'o' }, true],
    ['budget', { budget_id: 'b' }, true],
    ['model', { model_id: 'm' }, true],
    ['deprecated_key', { id: 'd' }, true],
  ])('of a %s with %j is %j', (table, row, kept) => {
    expect(isKept(readEntity(table, row, undefined))).toBe(kept);
  });
});
