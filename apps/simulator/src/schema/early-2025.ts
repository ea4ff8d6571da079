import { reference, type TableShape, table } from './table-shape.js';

const BUDGET = 'LiteLLM_BudgetTable';
const ORGANIZATION = 'LiteLLM_OrganizationTable';

const audited = `
  created_at timestamp(3) not null default current_timestamp
  created_by text not null
  updated_at timestamp(3) not null default current_timestamp
  updated_by text not null
`;

const budgetTable = table(
  BUDGET,
  ['budget_id'],
  `
  budget_id text not null
  max_budget double precision
  soft_budget double precision
  max_parallel_requests integer
  tpm_limit bigint
  rpm_limit bigint
  model_max_budget jsonb
  budget_duration text
  budget_reset_at timestamp(3)
  ${audited}`,
);

const proxyModelTable = table(
  'LiteLLM_ProxyModelTable',
  ['model_id'],
  `
  model_id text not null
  model_name text not null
  litellm_params jsonb not null
  model_info jsonb
  ${audited}`,
);

const organizationTable = table(
  ORGANIZATION,
  ['organization_id'],
  `
  organization_id text not null
  organization_alias text not null
  budget_id text not null
  metadata jsonb not null default '{}'
  models text[]
  spend double precision not null default 0.0
  model_spend jsonb not null default '{}'
  ${audited}`,
  { foreignKeys: [reference('budget_id', BUDGET, 'restrict')] },
);

const modelTable = table('LiteLLM_ModelTable', ['id'], `id serial not null\naliases jsonb\n${audited}`);

const teamTable = table(
  'LiteLLM_TeamTable',
  ['team_id'],
  `
  team_id text not null
  team_alias text
  organization_id text
  admins text[]
  members text[]
  members_with_roles jsonb not null default '{}'
  metadata jsonb not null default '{}'
  max_budget double precision
  spend double precision not null default 0.0
  models text[]
  max_parallel_requests integer
  tpm_limit bigint
  rpm_limit bigint
  budget_duration text
  budget_reset_at timestamp(3)
  blocked boolean not null default false
  created_at timestamp(3) not null default current_timestamp
  updated_at timestamp(3) not null default current_timestamp
  model_spend jsonb not null default '{}'
  model_max_budget jsonb not null default '{}'
  model_id integer`,
  {
    unique: [['model_id']],
    foreignKeys: [reference('organization_id', ORGANIZATION), reference('model_id', 'LiteLLM_ModelTable')],
  },
);

const userTable = table(
  'LiteLLM_UserTable',
  ['user_id'],
  `
  user_id text not null
  user_alias text
  team_id text
  sso_user_id text
  organization_id text
  password text
  teams text[] default array[]::text[]
  user_role text
  max_budget double precision
  spend double precision not null default 0.0
  user_email text
  models text[]
  metadata jsonb not null default '{}'
  max_parallel_requests integer
  tpm_limit bigint
  rpm_limit bigint
  budget_duration text
  budget_reset_at timestamp(3)
  allowed_cache_controls text[] default array[]::text[]
  model_spend jsonb not null default '{}'
  model_max_budget jsonb not null default '{}'
  created_at timestamp(3) default current_timestamp
  updated_at timestamp(3) default current_timestamp`,
  { unique: [['sso_user_id']], foreignKeys: [reference('organization_id', ORGANIZATION)] },
);

const verificationToken = table(
  'LiteLLM_VerificationToken',
  ['token'],
  `
  token text not null
  key_name text
  key_alias text
  soft_budget_cooldown boolean not null default false
  spend double precision not null default 0.0
  expires timestamp(3)
  models text[]
  aliases jsonb not null default '{}'
  config jsonb not null default '{}'
  user_id text
  team_id text
  permissions jsonb not null default '{}'
  max_parallel_requests integer
  metadata jsonb not null default '{}'
  blocked boolean
  tpm_limit bigint
  rpm_limit bigint
  max_budget double precision
  budget_duration text
  budget_reset_at timestamp(3)
  allowed_cache_controls text[] default array[]::text[]
  model_spend jsonb not null default '{}'
  model_max_budget jsonb not null default '{}'
  budget_id text
  organization_id text
  created_at timestamp(3) default current_timestamp
  created_by text
  updated_at timestamp(3) default current_timestamp
  updated_by text`,
  { foreignKeys: [reference('budget_id', BUDGET), reference('organization_id', ORGANIZATION)] },
);

const endUserTable = table(
  'LiteLLM_EndUserTable',
  ['user_id'],
  `
  user_id text not null
  alias text
  spend double precision not null default 0.0
  allowed_model_region text
  default_model text
  budget_id text
  blocked boolean not null default false`,
  { foreignKeys: [reference('budget_id', BUDGET)] },
);

/** Without status, request_duration_ms, organization_id, session_id and all that later migrations added. */
const spendLogs = table(
  'LiteLLM_SpendLogs',
  ['request_id'],
  `
  request_id text not null
  call_type text not null
  api_key text not null default ''
  spend double precision not null default 0.0
  total_tokens integer not null default 0
  prompt_tokens integer not null default 0
  completion_tokens integer not null default 0
  startTime timestamp(3) not null
  endTime timestamp(3) not null
  completionStartTime timestamp(3)
  model text not null default ''
  model_id text default ''
  model_group text default ''
  custom_llm_provider text default ''
  api_base text default ''
  user text default ''
  metadata jsonb default '{}'
  cache_hit text default ''
  cache_key text default ''
  request_tags jsonb default '[]'
  team_id text
  end_user text
  requester_ip_address text
  messages jsonb default '{}'
  response jsonb default '{}'`,
  { indexes: [['startTime'], ['end_user']] },
);

const errorLogs = table(
  'LiteLLM_ErrorLogs',
  ['request_id'],
  `
  request_id text not null
  startTime timestamp(3) not null
  endTime timestamp(3) not null
  api_base text not null default ''
  model_group text not null default ''
  litellm_model_name text not null default ''
  model_id text not null default ''
  request_kwargs jsonb not null default '{}'
  exception_type text not null default ''
  exception_string text not null default ''
  status_code text not null default ''`,
);

const teamMembership = table(
  'LiteLLM_TeamMembership',
  ['user_id', 'team_id'],
  `
  user_id text not null
  team_id text not null
  spend double precision not null default 0.0
  budget_id text`,
  { foreignKeys: [reference('budget_id', BUDGET)] },
);

const organizationMembership = table(
  'LiteLLM_OrganizationMembership',
  ['user_id', 'organization_id'],
  `
  user_id text not null
  organization_id text not null
  user_role text
  spend double precision default 0.0
  budget_id text
  created_at timestamp(3) default current_timestamp
  updated_at timestamp(3) default current_timestamp`,
  {
    foreignKeys: [
      reference('user_id', 'LiteLLM_UserTable', 'restrict'),
      reference('organization_id', ORGANIZATION, 'restrict'),
      reference('budget_id', BUDGET),
    ],
  },
);

const auditLog = table(
  'LiteLLM_AuditLog',
  ['id'],
  `
  id text not null
  updated_at timestamp(3) not null default current_timestamp
  changed_by text not null default ''
  changed_by_api_key text not null default ''
  action text not null
  table_name text not null
  object_id text not null
  before_value jsonb
  updated_values jsonb`,
);

/** The tables of a LiteLLM of March 2025 that an exporter reads, and two neighbours; referenced tables stand first. */
export const early2025: readonly TableShape[] = [
  budgetTable,
  proxyModelTable,
  organizationTable,
  modelTable,
  teamTable,
  userTable,
  verificationToken,
  endUserTable,
  spendLogs,
  errorLogs,
  teamMembership,
  organizationMembership,
  auditLog,
];
