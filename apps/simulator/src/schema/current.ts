import { early2025 } from './early-2025.js';
import { columns, type ForeignKey, reference, type TableShape, table } from './table-shape.js';

interface Growth {
  readonly added: string;
  readonly indexes?: readonly (readonly string[])[];
  readonly foreignKeys?: readonly ForeignKey[];
}

const VERIFICATION_TOKEN = 'LiteLLM_VerificationToken';
const TEAM = 'LiteLLM_TeamTable';

/** What migrations since March 2025 added, in their order: an upgraded database has these columns last. */
const growth: Readonly<Record<string, Growth>> = {
  LiteLLM_SpendLogs: {
    added: `
      session_id text
      proxy_server_request jsonb default '{}'
      status text
      mcp_namespaced_tool_name text
      organization_id text
      agent_id text
      request_duration_ms integer
      litellm_call_id text`,
    indexes: [['session_id'], ['startTime', 'request_id'], ['api_key', 'startTime', 'spend'], ['litellm_call_id']],
  },
  [VERIFICATION_TOKEN]: {
    added: `
      allowed_routes text[] default array[]::text[]
      object_permission_id text
      rotation_count integer default 0
      auto_rotate boolean default false
      rotation_interval text
      last_rotation_at timestamp(3)
      key_rotation_at timestamp(3)
      project_id text
      router_settings jsonb default '{}'
      policies text[] default array[]::text[]
      access_group_ids text[] default array[]::text[]
      last_active timestamp(3)
      agent_id text
      budget_limits jsonb
      key_type text`,
    indexes: [['user_id', 'team_id'], ['team_id'], ['budget_reset_at', 'expires']],
    foreignKeys: [reference('project_id', 'LiteLLM_ProjectTable')],
  },
  [TEAM]: {
    added: `
      team_member_permissions text[] default array[]::text[]
      object_permission_id text
      router_settings jsonb default '{}'
      policies text[] default array[]::text[]
      allow_team_guardrail_config boolean not null default false
      soft_budget double precision
      access_group_ids text[] default array[]::text[]
      default_team_member_models text[] default array[]::text[]
      budget_limits jsonb
      tpd_limit bigint
      rollover_max_budget double precision`,
    indexes: [['organization_id'], ['team_alias'], ['created_at']],
  },
  LiteLLM_UserTable: { added: 'object_permission_id text\npolicies text[] default array[]::text[]' },
  LiteLLM_OrganizationTable: { added: 'object_permission_id text' },
  LiteLLM_BudgetTable: {
    added: `
      allowed_models text[] default array[]::text[]
      tpd_limit bigint
      rollover_max_budget double precision
      temp_budget_increase double precision
      temp_budget_expiry timestamp(3)`,
  },
  LiteLLM_EndUserTable: { added: 'object_permission_id text' },
  LiteLLM_TeamMembership: { added: 'total_spend double precision not null default 0.0' },
  LiteLLM_ProxyModelTable: { added: 'blocked boolean not null default false' },
};

const projectTable = table(
  'LiteLLM_ProjectTable',
  ['project_id'],
  `
  project_id text not null
  project_alias text
  team_id text
  budget_id text
  metadata jsonb not null default '{}'
  models text[]
  spend double precision not null default 0.0
  model_spend jsonb not null default '{}'
  blocked boolean not null default false
  object_permission_id text
  created_at timestamp(3) not null default current_timestamp
  created_by text not null
  updated_at timestamp(3) not null default current_timestamp
  updated_by text not null
  description text
  model_rpm_limit jsonb not null default '{}'
  model_tpm_limit jsonb not null default '{}'`,
  { foreignKeys: [reference('team_id', TEAM), reference('budget_id', 'LiteLLM_BudgetTable')] },
);

const tagTable = table(
  'LiteLLM_TagTable',
  ['tag_name'],
  `
  tag_name text not null
  description text
  models text[]
  model_info jsonb
  spend double precision not null default 0.0
  budget_id text
  created_at timestamp(3) not null default current_timestamp
  created_by text
  updated_at timestamp(3) not null default current_timestamp`,
  { foreignKeys: [reference('budget_id', 'LiteLLM_BudgetTable')] },
);

const deprecatedVerificationToken = table(
  'LiteLLM_DeprecatedVerificationToken',
  ['id'],
  `
  id text not null
  token text not null
  active_token_id text not null
  revoke_at timestamp(3) not null
  created_at timestamp(3) not null default current_timestamp`,
  { unique: [['token']], indexes: [['token', 'revoke_at'], ['revoke_at']] },
);

const budgetWindowSpend = table(
  'LiteLLM_BudgetWindowSpend',
  ['entity_type', 'entity_id', 'window_duration', 'window_start'],
  `
  entity_type text not null
  entity_id text not null
  window_duration text not null
  window_start timestamp(3) not null
  spend double precision not null default 0.0`,
);

const spendLogToolIndex = table(
  'LiteLLM_SpendLogToolIndex',
  ['request_id', 'tool_name'],
  'request_id text not null\ntool_name text not null\nstart_time timestamp(3) not null',
  { indexes: [['tool_name', 'start_time']] },
);

/** Where LiteLLM adds up a day, a row per user, key, model and endpoint: rewritten all the time, read by nobody here. */
const dailyUserSpend = table(
  'LiteLLM_DailyUserSpend',
  ['id'],
  `
  id text not null
  user_id text
  date text not null
  api_key text not null
  model text
  model_group text
  custom_llm_provider text
  mcp_namespaced_tool_name text
  endpoint text
  prompt_tokens bigint not null default 0
  completion_tokens bigint not null default 0
  cache_read_input_tokens bigint not null default 0
  cache_creation_input_tokens bigint not null default 0
  spend double precision not null default 0.0
  api_requests bigint not null default 0
  successful_requests bigint not null default 0
  failed_requests bigint not null default 0
  created_at timestamp(3) not null default current_timestamp
  updated_at timestamp(3) not null`,
  {
    unique: [['user_id', 'date', 'api_key', 'model', 'custom_llm_provider', 'mcp_namespaced_tool_name', 'endpoint']],
    indexes: [['date'], ['user_id', 'date'], ['api_key'], ['model']],
  },
);

function grown(base: TableShape): TableShape {
  const growthOfTable = growth[base.name];
  if (growthOfTable === undefined) return base;
  return {
    ...base,
    columns: [...base.columns, ...columns(growthOfTable.added)],
    indexes: [...base.indexes, ...(growthOfTable.indexes ?? [])],
    foreignKeys: [...base.foreignKeys, ...(growthOfTable.foreignKeys ?? [])],
  };
}

/** The archive of deleted rows: a copy of the live table's columns, with an id of its own and who deleted it when. */
function archiveOf(live: TableShape, name: string): TableShape {
  const archive = table(
    name,
    ['id'],
    `
    deleted_at timestamp(3) not null default current_timestamp
    deleted_by text
    deleted_by_api_key text
    litellm_changed_by text`,
  );
  return { ...archive, columns: [...columns('id text not null'), ...live.columns, ...archive.columns] };
}

function currentTables(): TableShape[] {
  const upgraded = early2025.map(grown);
  const live = (name: string): TableShape => upgraded.find((shape) => shape.name === name) as TableShape;
  return [
    ...upgraded,
    projectTable,
    tagTable,
    archiveOf(live(VERIFICATION_TOKEN), 'LiteLLM_DeletedVerificationToken'),
    archiveOf(live(TEAM), 'LiteLLM_DeletedTeamTable'),
    deprecatedVerificationToken,
    budgetWindowSpend,
    spendLogToolIndex,
    dailyUserSpend,
  ];
}

/** The tables of a LiteLLM of autumn 2026 that an exporter reads, and neighbours that make noise in the stream. */
export const current: readonly TableShape[] = currentTables();
