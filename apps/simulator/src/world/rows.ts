/** A value of a jsonb column; a text in it that holds JSON itself is JSON inside a JSON string. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/**
 * Rows of entity tables, as the simulator keeps them in memory: the names are those of the columns, times are
 * milliseconds since the Unix epoch. A column that a version of LiteLLM lacks is left out when the row is written.
 */
export interface BudgetRow {
  budget_id: string;
  max_budget: number | null;
  soft_budget: number | null;
  max_parallel_requests: number | null;
  tpm_limit: number | null;
  rpm_limit: number | null;
  budget_duration: string | null;
  budget_reset_at: number | null;
  created_by: string;
  updated_by: string;
}

/** `LiteLLM_OrganizationTable`. */
export interface OrganizationRow {
  organization_id: string;
  organization_alias: string;
  budget_id: string;
  models: string[];
  spend: number;
  created_by: string;
  updated_by: string;
}

/** An entry of a team's `members_with_roles`. */
export interface Member {
  readonly [key: string]: string | null;
  readonly user_id: string | null;
  readonly user_email: string | null;
  readonly role: 'admin' | 'user';
}

/** `LiteLLM_TeamTable`. */
export interface TeamRow {
  team_id: string;
  team_alias: string | null;
  organization_id: string | null;
  admins: string[];
  members: string[];
  /** The empty value is the object `{}`, not a list; LiteLLM also leaves a JSON string there at times. */
  members_with_roles: Json;
  metadata: Json;
  max_budget: number | null;
  soft_budget: number | null;
  spend: number;
  models: string[];
  max_parallel_requests: number | null;
  tpm_limit: number | null;
  rpm_limit: number | null;
  budget_duration: string | null;
  budget_reset_at: number | null;
  blocked: boolean;
}

/** `LiteLLM_UserTable`. */
export interface UserRow {
  user_id: string;
  user_alias: string | null;
  user_email: string | null;
  user_role: string;
  password: string | null;
  organization_id: string | null;
  teams: string[];
  max_budget: number | null;
  spend: number;
  models: string[];
  max_parallel_requests: number | null;
  tpm_limit: number | null;
  rpm_limit: number | null;
  budget_duration: string | null;
  budget_reset_at: number | null;
}

/** `LiteLLM_VerificationToken`. */
export interface KeyRow {
  token: string;
  key_name: string | null;
  key_alias: string | null;
  spend: number;
  expires: number | null;
  models: string[];
  user_id: string | null;
  team_id: string | null;
  organization_id: string | null;
  project_id: string | null;
  metadata: Json;
  max_parallel_requests: number | null;
  blocked: boolean | null;
  tpm_limit: number | null;
  rpm_limit: number | null;
  max_budget: number | null;
  budget_duration: string | null;
  budget_reset_at: number | null;
  budget_id: string | null;
  created_by: string;
  updated_by: string;
}

/** `LiteLLM_EndUserTable`. */
export interface EndUserRow {
  user_id: string;
  alias: string | null;
  spend: number;
  budget_id: string | null;
  blocked: boolean;
}

/** `LiteLLM_TeamMembership`. */
export interface MembershipRow {
  user_id: string;
  team_id: string;
  spend: number;
  budget_id: string | null;
}

/** `LiteLLM_OrganizationMembership`. */
export interface OrganizationMembershipRow {
  user_id: string;
  organization_id: string;
  user_role: string;
}

/** `LiteLLM_ProjectTable`. */
export interface ProjectRow {
  project_id: string;
  project_alias: string | null;
  team_id: string | null;
  budget_id: string | null;
  models: string[];
  spend: number;
  blocked: boolean;
  created_by: string;
  updated_by: string;
}

/** `LiteLLM_TagTable`. */
export interface TagRow {
  tag_name: string;
  description: string | null;
  models: string[];
  spend: number;
  budget_id: string | null;
}

/** `LiteLLM_ProxyModelTable`. */
export interface ModelRow {
  model_id: string;
  model_name: string;
  litellm_params: Json;
  model_info: Json;
  created_by: string;
  updated_by: string;
}
