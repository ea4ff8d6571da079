import type { EntityTable } from './entity.js';

/** Our name of a table this exporter reads. */
export type TableName = EntityTable | 'spend_logs';

/** PostgreSQL's type families in LiteLLM's tables. `timestamp` is with or without time zone, `array` is `text[]`. */
export type ColumnType = 'text' | 'float' | 'integer' | 'boolean' | 'timestamp' | 'json' | 'array';

/** One column that is read. */
export interface ColumnFacts {
  readonly name: string;
  readonly type: ColumnType;
  /** Without it the table can't be read at all; the others an older LiteLLM may lack. */
  readonly required: boolean;
}

/** One table that is read. */
export interface TableFacts {
  /** LiteLLM's name, as the catalogue spells it. */
  readonly relation: string;
  /** The exporter can't work without it. */
  readonly required: boolean;
  /** The primary key, in the order in which `entityKey` joins it. Partitioned spend logs have `startTime` in it too. */
  readonly primaryKey: readonly string[];
  /** Everything that is read of the table; nothing else of it ever is. */
  readonly columns: readonly ColumnFacts[];
}

const required = (type: ColumnType, ...names: string[]): ColumnFacts[] =>
  names.map((name) => ({ name, type, required: true }));
const optional = (type: ColumnType, ...names: string[]): ColumnFacts[] =>
  names.map((name) => ({ name, type, required: false }));

const LIMITS = optional('integer', 'max_parallel_requests', 'tpm_limit', 'rpm_limit');

/**
 * Every table that is read, and of each the columns that are (LiteLLM's `schema.prisma`).
 *
 * Never read: passwords, `litellm_params`, prompts and answers (`messages`, `response`, `proxy_server_request`).
 */
export const TABLES: Readonly<Record<TableName, TableFacts>> = {
  spend_logs: {
    relation: 'LiteLLM_SpendLogs',
    required: true,
    primaryKey: ['request_id'],
    columns: [
      ...required('text', 'request_id', 'api_key', 'model'),
      ...required('float', 'spend'),
      ...required('integer', 'total_tokens', 'prompt_tokens', 'completion_tokens'),
      ...required('timestamp', 'startTime', 'endTime'),
      ...optional('timestamp', 'completionStartTime'),
      ...optional('text', 'user', 'team_id', 'organization_id', 'model_id', 'model_group', 'custom_llm_provider'),
      ...optional('text', 'cache_hit', 'status'),
      ...optional('integer', 'request_duration_ms'),
      ...optional('json', 'request_tags', 'metadata'),
    ],
  },
  key: {
    relation: 'LiteLLM_VerificationToken',
    required: true,
    primaryKey: ['token'],
    columns: [
      ...required('text', 'token'),
      ...required('float', 'spend'),
      ...optional('text', 'key_name', 'key_alias', 'user_id', 'team_id', 'organization_id', 'budget_id'),
      ...optional('array', 'models'),
      ...optional('float', 'max_budget'),
      ...optional('timestamp', 'budget_reset_at', 'expires'),
      ...optional('boolean', 'blocked'),
      ...LIMITS,
    ],
  },
  team: {
    relation: 'LiteLLM_TeamTable',
    required: true,
    primaryKey: ['team_id'],
    columns: [
      ...required('text', 'team_id'),
      ...required('float', 'spend'),
      ...optional('text', 'team_alias', 'organization_id'),
      ...optional('array', 'models', 'admins', 'members'),
      ...optional('json', 'members_with_roles'),
      ...optional('float', 'max_budget', 'soft_budget'),
      ...optional('timestamp', 'budget_reset_at'),
      ...optional('boolean', 'blocked'),
      ...LIMITS,
    ],
  },
  user: {
    relation: 'LiteLLM_UserTable',
    required: true,
    primaryKey: ['user_id'],
    columns: [
      ...required('text', 'user_id'),
      ...required('float', 'spend'),
      ...optional('text', 'user_alias'),
      ...optional('array', 'models'),
      ...optional('float', 'max_budget'),
      ...optional('timestamp', 'budget_reset_at'),
      ...LIMITS,
    ],
  },
  organization: {
    relation: 'LiteLLM_OrganizationTable',
    required: false,
    primaryKey: ['organization_id'],
    columns: [
      ...required('text', 'organization_id'),
      ...optional('text', 'organization_alias', 'budget_id'),
      ...optional('array', 'models'),
      ...optional('float', 'spend'),
    ],
  },
  budget: {
    relation: 'LiteLLM_BudgetTable',
    required: false,
    primaryKey: ['budget_id'],
    columns: [
      ...required('text', 'budget_id'),
      ...optional('float', 'max_budget', 'soft_budget'),
      ...optional('timestamp', 'budget_reset_at'),
      ...LIMITS,
    ],
  },
  end_user: {
    relation: 'LiteLLM_EndUserTable',
    required: false,
    primaryKey: ['user_id'],
    columns: [
      ...required('text', 'user_id'),
      ...optional('text', 'alias', 'budget_id'),
      ...optional('float', 'spend'),
      ...optional('boolean', 'blocked'),
    ],
  },
  team_member: {
    relation: 'LiteLLM_TeamMembership',
    required: false,
    primaryKey: ['team_id', 'user_id'],
    columns: [
      ...required('text', 'user_id', 'team_id'),
      ...optional('text', 'budget_id'),
      ...optional('float', 'spend'),
    ],
  },
  project: {
    relation: 'LiteLLM_ProjectTable',
    required: false,
    primaryKey: ['project_id'],
    columns: [
      ...required('text', 'project_id'),
      ...optional('text', 'project_alias', 'budget_id'),
      ...optional('float', 'spend'),
      ...optional('boolean', 'blocked'),
    ],
  },
  tag: {
    relation: 'LiteLLM_TagTable',
    required: false,
    primaryKey: ['tag_name'],
    columns: [...required('text', 'tag_name'), ...optional('text', 'budget_id'), ...optional('float', 'spend')],
  },
  model: {
    relation: 'LiteLLM_ProxyModelTable',
    required: false,
    primaryKey: ['model_id'],
    columns: [...required('text', 'model_id'), ...optional('text', 'model_name'), ...optional('json', 'model_info')],
  },
  deprecated_key: {
    relation: 'LiteLLM_DeprecatedVerificationToken',
    required: false,
    primaryKey: ['id'],
    columns: [...required('text', 'id', 'token', 'active_token_id')],
  },
};

/** Every table, spend logs first. */
export const TABLE_NAMES = Object.keys(TABLES) as readonly TableName[];

/** Every entity table. */
export const ENTITY_TABLES = TABLE_NAMES.filter((name) => name !== 'spend_logs');

const BY_RELATION = new Map(TABLE_NAMES.map((name) => [TABLES[name].relation, name]));
const LEAF_PREFIX = `${TABLES.spend_logs.relation}_`;

/** LiteLLM's name of a table, unquoted. */
export function relationOf(table: TableName): string {
  return TABLES[table].relation;
}

/**
 * Our name of one of LiteLLM's tables; null for one that is not read.
 *
 * Leaves of partitioned spend logs count as spend logs, because wal2json reports them by their own names. The table
 * that a conversion leaves behind (`…_legacy`) does not: nothing is inserted into it any more.
 */
export function tableOfRelation(relation: string): TableName | null {
  const known = BY_RELATION.get(relation);
  if (known !== undefined) return known;
  return relation.startsWith(LEAF_PREFIX) && !relation.endsWith('_legacy') ? 'spend_logs' : null;
}

/**
 * The columns a publication should carry, of those that this LiteLLM has: all that are read, but `metadata` of spend
 * logs only where there is no `status` column. It holds tracebacks and prompts, and is looked up row by row instead.
 */
export function publishedColumns(table: TableName, available: ReadonlySet<string>): string[] {
  const names = TABLES[table].columns.map((column) => column.name).filter((name) => available.has(name));
  if (table !== 'spend_logs' || !available.has('status')) return names;
  return names.filter((name) => name !== 'metadata');
}
