/** What METRICS.md section 2 says of a family beside its value. */
export interface ContractFamily {
  readonly type: 'gauge' | 'counter' | 'histogram';
  readonly labels: readonly string[];
}

const entity = ['entity_type', 'entity_id', 'entity_alias'] as const;
const key = ['key_name', 'key_alias'] as const;
const team = ['team_id', 'team_alias'] as const;
const gauge = (...labels: string[]): ContractFamily => ({ type: 'gauge', labels });
const counter = (...labels: string[]): ContractFamily => ({ type: 'counter', labels });
const histogram = (...labels: string[]): ContractFamily => ({ type: 'histogram', labels });

/** Every family of METRICS.md section 2, by name. */
export const contractFamilies: Readonly<Record<string, ContractFamily>> = {
  litellm_total_spend: gauge('model'),
  litellm_user_spend: gauge('user_id', 'user_alias', 'model'),
  litellm_team_spend: gauge(...team, 'model'),
  litellm_org_spend: gauge('organization_id', 'organization_alias', 'model'),
  litellm_tag_spend: gauge('tag'),
  litellm_key_spend: gauge(...key),
  litellm_total_tokens: gauge('model'),
  litellm_prompt_tokens: gauge('model'),
  litellm_completion_tokens: gauge('model'),
  litellm_requests_total: gauge('model', 'status'),
  litellm_request_duration_seconds: histogram('model'),
  litellm_parallel_requests: gauge(...entity),
  litellm_tpm_limit: gauge(...entity),
  litellm_rpm_limit: gauge(...entity),
  litellm_current_tpm: gauge('model', ...entity),
  litellm_current_rpm: gauge('model', ...entity),
  litellm_cache_hits_total: gauge('model'),
  litellm_cache_misses_total: gauge('model'),
  litellm_max_budget: gauge(...entity),
  litellm_soft_budget: gauge(...entity),
  litellm_budget_utilization: gauge(...entity),
  litellm_budget_reset_time: gauge(...entity),
  litellm_errors_total: gauge('model', 'error_type'),
  litellm_error_rate: gauge('model'),
  litellm_blocked_status: gauge(...entity),
  litellm_member_count: gauge(...team),
  litellm_admin_count: gauge(...team),
  litellm_active_keys: gauge(...entity),
  litellm_expired_keys: gauge(...entity),
  litellm_key_expiry: gauge(...key),
  litellm_key_budget: gauge(...key),
  litellm_key_budget_spend: gauge(...key),
  litellm_available_models: gauge(...entity),
  litellm_model_info: gauge('model_id', 'model_name', 'model', 'provider', 'base_model', 'mode', 'source'),
  litellm_spend_usd_total: counter('model'),
  litellm_requests_processed_total: counter('model', 'status'),
  litellm_request_errors_total: counter('model', 'error_type'),
  litellm_request_cache_total: counter('model', 'result'),
  litellm_tokens_processed_total: counter('model', 'kind', 'cached'),
  litellm_team_spend_usd_total: counter(...team),
  litellm_key_spend_usd_total: counter(...key),
  litellm_time_to_first_token_seconds: histogram('model'),
  litellm_budget_spend: gauge(...entity),
  litellm_budget_reset_timestamp_seconds: gauge(...entity),
  litellm_key_expires_timestamp_seconds: gauge(...key),
};

/** The 34 names that people have dashboards on; promtool may find fault with these alone. */
export const keptFamilies: readonly string[] = Object.keys(contractFamilies).slice(0, 34);

const own = /^(litellm_exporter_|process_|nodejs_)/;

/** What the list of families of a scrape has to do with the contract: lacking, unknown, or of another type. */
export function familyFaults(families: ReadonlyMap<string, { readonly type: string }>): string[] {
  const faults: string[] = [];
  for (const [name, { type }] of Object.entries(contractFamilies)) {
    const found = families.get(name);
    if (found === undefined) faults.push(`${name} is not there`);
    else if (found.type !== type) faults.push(`${name} is a ${found.type}, not a ${type}`);
  }
  for (const name of families.keys()) {
    if (!(name in contractFamilies) && !own.test(name)) faults.push(`${name} is no family of METRICS.md`);
  }
  return faults;
}
