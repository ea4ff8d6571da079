import type { Row } from '@app/change';
import { booleanOf, type Cell, finiteOf, jsonOf, jsonTextOf, memberOf, textOf, timeOf } from './column-value.js';
import { type Entity, type EntityOf, type EntityTable, KEY_SEPARATOR, type Limits } from './entity.js';
import { TABLES } from './tables.js';
import { readTextArray } from './text-array.js';

type Readers = { readonly [T in EntityTable]: (row: Row, old: EntityOf<T> | undefined) => EntityOf<T> };

/**
 * Reads a row of an entity table. A column that was not sent keeps what `previous` says of it (an unchanged TOAST value),
 * or is empty: '', no limit, no entries, 0, false. NULL and '' are the same. Never throws.
 */
export function readEntity<T extends EntityTable>(table: T, row: Row, previous: EntityOf<T> | undefined): EntityOf<T> {
  return READERS[table](row, previous);
}

/**
 * The key that {@link entityKey} gives an entity, out of a row or of just its primary key; null where a part of it
 * was not sent.
 */
export function entityKeyOfRow(table: EntityTable, row: Row): string | null {
  const parts: string[] = [];
  for (const column of TABLES[table].primaryKey) {
    const value = row[column];
    if (value === undefined || value === null) return null;
    parts.push(textOf(value));
  }
  return parts.join(KEY_SEPARATOR);
}

/**
 * False for an entity that feeds no family: it needs no place in the state (METRICS.md, "Cardinality"). LiteLLM makes a
 * row for every end user a caller names, and one for every member, and few of them have a budget.
 */
export function isKept(entity: Entity): boolean {
  switch (entity.table) {
    case 'end_user':
    case 'project':
      return entity.blocked || entity.budgetId !== '';
    case 'team_member':
    case 'tag':
      return entity.budgetId !== '';
    default:
      return true;
  }
}

const READERS: Readers = {
  key: (row, old) => ({
    table: 'key',
    token: text(row.token, old?.token),
    keyName: text(row.key_name, old?.keyName),
    keyAlias: text(row.key_alias, old?.keyAlias),
    userId: text(row.user_id, old?.userId),
    teamId: text(row.team_id, old?.teamId),
    organizationId: text(row.organization_id, old?.organizationId),
    budgetId: text(row.budget_id, old?.budgetId),
    models: list(row.models, old?.models),
    spend: amount(row.spend, old?.spend),
    maxBudget: limit(row.max_budget, old?.maxBudget),
    budgetResetAt: time(row.budget_reset_at, old?.budgetResetAt),
    expires: time(row.expires, old?.expires),
    blocked: flag(row.blocked, old?.blocked),
    ...limits(row, old),
  }),
  team: (row, old) => ({
    table: 'team',
    teamId: text(row.team_id, old?.teamId),
    teamAlias: text(row.team_alias, old?.teamAlias),
    organizationId: text(row.organization_id, old?.organizationId),
    models: list(row.models, old?.models),
    spend: amount(row.spend, old?.spend),
    maxBudget: limit(row.max_budget, old?.maxBudget),
    softBudget: limit(row.soft_budget, old?.softBudget),
    budgetResetAt: time(row.budget_reset_at, old?.budgetResetAt),
    blocked: flag(row.blocked, old?.blocked),
    roleCounts: roleCounts(row.members_with_roles, old?.roleCounts),
    admins: list(row.admins, old?.admins),
    members: list(row.members, old?.members),
    ...limits(row, old),
  }),
  user: (row, old) => ({
    table: 'user',
    userId: text(row.user_id, old?.userId),
    userAlias: text(row.user_alias, old?.userAlias),
    models: list(row.models, old?.models),
    spend: amount(row.spend, old?.spend),
    maxBudget: limit(row.max_budget, old?.maxBudget),
    budgetResetAt: time(row.budget_reset_at, old?.budgetResetAt),
    ...limits(row, old),
  }),
  organization: (row, old) => ({
    table: 'organization',
    organizationId: text(row.organization_id, old?.organizationId),
    organizationAlias: text(row.organization_alias, old?.organizationAlias),
    budgetId: text(row.budget_id, old?.budgetId),
    models: list(row.models, old?.models),
    spend: amount(row.spend, old?.spend),
  }),
  budget: (row, old) => ({
    table: 'budget',
    budgetId: text(row.budget_id, old?.budgetId),
    maxBudget: limit(row.max_budget, old?.maxBudget),
    softBudget: limit(row.soft_budget, old?.softBudget),
    budgetResetAt: time(row.budget_reset_at, old?.budgetResetAt),
    ...limits(row, old),
  }),
  end_user: (row, old) => ({
    table: 'end_user',
    userId: text(row.user_id, old?.userId),
    alias: text(row.alias, old?.alias),
    spend: amount(row.spend, old?.spend),
    budgetId: text(row.budget_id, old?.budgetId),
    blocked: flag(row.blocked, old?.blocked),
  }),
  team_member: (row, old) => ({
    table: 'team_member',
    teamId: text(row.team_id, old?.teamId),
    userId: text(row.user_id, old?.userId),
    spend: amount(row.spend, old?.spend),
    budgetId: text(row.budget_id, old?.budgetId),
  }),
  project: (row, old) => ({
    table: 'project',
    projectId: text(row.project_id, old?.projectId),
    projectAlias: text(row.project_alias, old?.projectAlias),
    spend: amount(row.spend, old?.spend),
    budgetId: text(row.budget_id, old?.budgetId),
    blocked: flag(row.blocked, old?.blocked),
  }),
  tag: (row, old) => ({
    table: 'tag',
    tagName: text(row.tag_name, old?.tagName),
    spend: amount(row.spend, old?.spend),
    budgetId: text(row.budget_id, old?.budgetId),
  }),
  model: (row, old) => ({
    table: 'model',
    modelId: text(row.model_id, old?.modelId),
    modelName: text(row.model_name, old?.modelName),
    baseModel: modelInfo(row.model_info, 'base_model', old?.baseModel),
    mode: modelInfo(row.model_info, 'mode', old?.mode),
  }),
  deprecated_key: (row, old) => ({
    table: 'deprecated_key',
    id: text(row.id, old?.id),
    token: text(row.token, old?.token),
    activeTokenId: text(row.active_token_id, old?.activeTokenId),
  }),
};

function text(value: Cell, old = ''): string {
  return value === undefined ? old : textOf(value);
}

function list(value: Cell, old: readonly string[] | undefined): readonly string[] {
  return value === undefined && old !== undefined ? old : readTextArray(textOf(value));
}

/** The column is NOT NULL: a null is what wal2json prints for NaN and Infinity. */
function amount(value: Cell, old = 0): number {
  return value === undefined ? old : (finiteOf(value) ?? 0);
}

function limit(value: Cell, old: number | null = null): number | null {
  return value === undefined ? old : finiteOf(value);
}

function time(value: Cell, old: number | null = null): number | null {
  return value === undefined ? old : timeOf(value);
}

function flag(value: Cell, old = false): boolean {
  return value === undefined ? old : booleanOf(value);
}

function limits(row: Row, old: Limits | undefined): Limits {
  return {
    maxParallelRequests: limit(row.max_parallel_requests, old?.maxParallelRequests),
    tpmLimit: limit(row.tpm_limit, old?.tpmLimit),
    rpmLimit: limit(row.rpm_limit, old?.rpmLimit),
  };
}

function roleCounts(value: Cell, old = { members: 0, admins: 0 }): { members: number; admins: number } {
  if (value === undefined) return old;
  const entries = jsonOf(value);
  if (!Array.isArray(entries)) return { members: 0, admins: 0 };
  return { members: entries.length, admins: entries.filter((entry) => memberOf(entry, 'role') === 'admin').length };
}

function modelInfo(value: Cell, name: 'base_model' | 'mode', old = ''): string {
  return value === undefined ? old : jsonTextOf(memberOf(jsonOf(value), name));
}
