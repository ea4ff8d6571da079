import type pg from 'pg';

const LOGS = '"LiteLLM_SpendLogs" s';
const MONTH = `s."startTime" >= (now() AT TIME ZONE 'UTC') - interval '30 days'`;
const DAY = `s."startTime" >= (now() AT TIME ZONE 'UTC') - interval '1 day'`;
const HOUR = `s."startTime" >= (now() AT TIME ZONE 'UTC') - interval '1 hour'`;
const MINUTE = `s."startTime" >= (now() AT TIME ZONE 'UTC') - interval '1 minute'`;
const USER = '"LiteLLM_UserTable" u ON u.user_id = s."user"';
const TEAM = '"LiteLLM_TeamTable" t ON t.team_id = s.team_id';
const ORGANIZATION =
  '"LiteLLM_OrganizationTable" o ON o.organization_id = coalesce(nullif(s.organization_id, \'\'), t.organization_id)';
const TAGS = `jsonb_array_elements_text(CASE jsonb_typeof(s.request_tags) WHEN 'array' THEN s.request_tags ELSE '[]' END) AS tag`;

/**
 * What an exporter asks that recomputes the families from the table at each cycle: a statement or two for each. Our own
 * formulation after the definitions of the families: a stand-in for the polling exporter, whose statements are not copied here.
 */
export const POLLING_QUERIES: readonly string[] = [
  `SELECT s.model, sum(s.spend) FROM ${LOGS} WHERE ${MONTH} GROUP BY 1`,
  `SELECT s.model, sum(s.total_tokens), sum(s.prompt_tokens), sum(s.completion_tokens) FROM ${LOGS} WHERE ${MONTH} GROUP BY 1`,
  `SELECT u.user_id, u.user_alias, s.model, sum(s.spend) FROM ${LOGS} JOIN ${USER} WHERE ${MONTH} GROUP BY 1, 2, 3`,
  `SELECT t.team_id, t.team_alias, s.model, sum(s.spend) FROM ${LOGS} JOIN ${TEAM} WHERE ${MONTH} GROUP BY 1, 2, 3`,
  `SELECT o.organization_id, o.organization_alias, s.model, sum(s.spend) FROM ${LOGS} LEFT JOIN ${TEAM} JOIN ${ORGANIZATION} WHERE ${MONTH} GROUP BY 1, 2, 3`,
  `SELECT tag, sum(s.spend) FROM ${LOGS}, ${TAGS} WHERE ${MONTH} GROUP BY 1`,
  `SELECT k.key_name, k.key_alias, sum(s.spend) FROM ${LOGS} LEFT JOIN "LiteLLM_VerificationToken" k ON k.token = s.api_key WHERE ${MONTH} GROUP BY 1, 2`,
  `SELECT s.model, s.status, count(*) FROM ${LOGS} WHERE ${DAY} GROUP BY 1, 2`,
  `SELECT s.model, lower(s.cache_hit), count(*) FROM ${LOGS} WHERE ${DAY} GROUP BY 1, 2`,
  `SELECT s.model, avg(extract(epoch FROM s."endTime" - s."startTime")) FROM ${LOGS} WHERE ${DAY} GROUP BY 1`,
  `SELECT s.model, s.metadata->'error_information'->>'error_class', count(*) FROM ${LOGS} WHERE ${HOUR} AND s.status = 'failure' GROUP BY 1, 2`,
  `SELECT s.model, u.user_id, sum(s.total_tokens), count(*) FROM ${LOGS} JOIN ${USER} WHERE ${MINUTE} GROUP BY 1, 2`,
  `SELECT s.model, t.team_id, sum(s.total_tokens), count(*) FROM ${LOGS} JOIN ${TEAM} WHERE ${MINUTE} GROUP BY 1, 2`,
  `SELECT DISTINCT s.model_id, s.model_group, s.model, s.custom_llm_provider FROM ${LOGS} WHERE ${MONTH} AND s.status = 'success'`,
  `SELECT user_id, user_alias, max_budget, spend, tpm_limit, rpm_limit, budget_reset_at FROM "LiteLLM_UserTable"`,
  `SELECT team_id, team_alias, max_budget, spend, tpm_limit, rpm_limit, budget_reset_at, blocked FROM "LiteLLM_TeamTable"`,
  `SELECT key_name, key_alias, max_budget, spend, tpm_limit, rpm_limit, expires, blocked FROM "LiteLLM_VerificationToken"`,
];

/** One cycle of the polling stand-in; milliseconds. */
export async function pollOnce(client: pg.ClientBase): Promise<number> {
  const began = performance.now();
  for (const query of POLLING_QUERIES) await client.query(query);
  return performance.now() - began;
}

/** Seconds between two cycles, as long as a cycle ends within them. */
export const POLLING_INTERVAL = 15;
