import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { ALL_FAMILIES } from './families/all-families.js';
import { metricsReference } from './reference.js';
import { SelfMetrics } from './self-metrics.js';

const DOCUMENT = fileURLToPath(new URL('../../../docs/METRICS.md', import.meta.url));

/** The 34 names people have dashboards on, from the polling exporter. */
const KEPT = `litellm_total_spend litellm_user_spend litellm_team_spend litellm_org_spend litellm_tag_spend litellm_key_spend
litellm_total_tokens litellm_prompt_tokens litellm_completion_tokens litellm_requests_total litellm_request_duration_seconds
litellm_parallel_requests litellm_tpm_limit litellm_rpm_limit litellm_current_tpm litellm_current_rpm litellm_cache_hits_total
litellm_cache_misses_total litellm_max_budget litellm_soft_budget litellm_budget_utilization litellm_budget_reset_time
litellm_errors_total litellm_error_rate litellm_blocked_status litellm_member_count litellm_admin_count litellm_active_keys
litellm_expired_keys litellm_key_expiry litellm_key_budget litellm_key_budget_spend litellm_available_models litellm_model_info`;

describe('docs/METRICS.md', () => {
  it('equals the declared families (`npm run docs:metrics` writes it)', async () => {
    const reference = metricsReference(await new SelfMetrics({ version: '', revision: '' }, false).read());
    if (process.env.UPDATE_DOCS === '1') writeFileSync(DOCUMENT, reference);
    expect(readFileSync(DOCUMENT, 'utf8')).toBe(reference);
  });

  it('keeps every name of the polling exporter, and marks no other', () => {
    const kept = ALL_FAMILIES.filter((family) => family.kept).map(({ name }) => name);
    expect(kept.sort()).toEqual(KEPT.split(/\s+/).sort());
  });

  it('has each name once, and help for each', () => {
    const names = ALL_FAMILIES.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { help } of ALL_FAMILIES) expect(help).toMatch(/\S\.$/);
  });
});
