-- LiteLLM's entities as they are now. oracle.source_* are made beside this file's views: one column `r` with each row as JSON, so that
-- columns which a version lacks are NULL, and tables which it lacks are empty. OFFSET 0 has
-- each row read once, and not again for every row that it is joined with.
CREATE FUNCTION oracle.utc(value text) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$
  SELECT value::timestamp AT TIME ZONE 'UTC'
$$;

CREATE VIEW oracle.budgets AS
SELECT
  r ->> 'budget_id' AS budget_id,
  (r ->> 'max_budget')::float8 AS max_budget,
  (r ->> 'soft_budget')::float8 AS soft_budget,
  (r ->> 'max_parallel_requests')::float8 AS parallel,
  (r ->> 'tpm_limit')::float8 AS tpm,
  (r ->> 'rpm_limit')::float8 AS rpm,
  oracle.utc(r ->> 'budget_reset_at') AS reset_at
FROM oracle.source_budget
OFFSET 0;

CREATE VIEW oracle.users AS
SELECT
  r ->> 'user_id' AS user_id,
  coalesce(oracle.given(r ->> 'user_alias'), 'none') AS alias,
  (r ->> 'max_budget')::float8 AS max_budget,
  (r ->> 'spend')::float8 AS spend,
  oracle.utc(r ->> 'budget_reset_at') AS reset_at,
  (r ->> 'max_parallel_requests')::float8 AS parallel,
  (r ->> 'tpm_limit')::float8 AS tpm,
  (r ->> 'rpm_limit')::float8 AS rpm,
  r -> 'models' AS models
FROM oracle.source_user
OFFSET 0;

CREATE VIEW oracle.teams AS
SELECT
  r ->> 'team_id' AS team_id,
  coalesce(oracle.given(r ->> 'team_alias'), 'none') AS alias,
  oracle.given(r ->> 'organization_id') AS organization_id,
  (r ->> 'max_budget')::float8 AS max_budget,
  (r ->> 'soft_budget')::float8 AS soft_budget,
  (r ->> 'spend')::float8 AS spend,
  oracle.utc(r ->> 'budget_reset_at') AS reset_at,
  (r ->> 'max_parallel_requests')::float8 AS parallel,
  (r ->> 'tpm_limit')::float8 AS tpm,
  (r ->> 'rpm_limit')::float8 AS rpm,
  r -> 'models' AS models,
  coalesce((r ->> 'blocked')::boolean, false) AS blocked,
  oracle.unwrapped(r -> 'members_with_roles') AS members_with_roles,
  r -> 'admins' AS admins,
  r -> 'members' AS members
FROM oracle.source_team
OFFSET 0;

CREATE VIEW oracle.organizations AS
SELECT
  r ->> 'organization_id' AS organization_id,
  coalesce(oracle.given(r ->> 'organization_alias'), 'none') AS alias,
  r ->> 'budget_id' AS budget_id,
  (r ->> 'spend')::float8 AS spend,
  r -> 'models' AS models
FROM oracle.source_organization
OFFSET 0;

CREATE VIEW oracle.all_keys AS
SELECT
  r ->> 'token' AS token,
  coalesce(oracle.given(r ->> 'key_name'), 'none') AS key_name,
  coalesce(oracle.given(r ->> 'key_alias'), 'none') AS key_alias,
  coalesce(oracle.given(r ->> 'key_alias'), oracle.given(r ->> 'key_name'), 'none') AS alias,
  oracle.given(r ->> 'user_id') AS user_id,
  oracle.given(r ->> 'team_id') AS team_id,
  oracle.given(r ->> 'organization_id') AS organization_id,
  oracle.given(r ->> 'budget_id') AS budget_id,
  (r ->> 'max_budget')::float8 AS max_budget,
  (r ->> 'spend')::float8 AS spend,
  oracle.utc(r ->> 'budget_reset_at') AS reset_at,
  oracle.utc(r ->> 'expires') AS expires,
  (r ->> 'max_parallel_requests')::float8 AS parallel,
  (r ->> 'tpm_limit')::float8 AS tpm,
  (r ->> 'rpm_limit')::float8 AS rpm,
  r -> 'models' AS models,
  coalesce((r ->> 'blocked')::boolean, false) AS blocked
FROM oracle.source_key
OFFSET 0;

-- "keys of team litellm-dashboard ... are left out of every family about keys but the two of key spend"
CREATE VIEW oracle.keys AS SELECT * FROM oracle.all_keys WHERE team_id IS DISTINCT FROM 'litellm-dashboard';

CREATE VIEW oracle.end_users AS
SELECT
  r ->> 'user_id' AS user_id,
  coalesce(oracle.given(r ->> 'alias'), 'none') AS alias,
  r ->> 'budget_id' AS budget_id,
  (r ->> 'spend')::float8 AS spend,
  coalesce((r ->> 'blocked')::boolean, false) AS blocked
FROM oracle.source_end_user
OFFSET 0;

CREATE VIEW oracle.memberships AS
SELECT
  r ->> 'team_id' AS team_id,
  r ->> 'user_id' AS user_id,
  r ->> 'budget_id' AS budget_id,
  (r ->> 'spend')::float8 AS spend
FROM oracle.source_team_member
OFFSET 0;

CREATE VIEW oracle.projects AS
SELECT
  r ->> 'project_id' AS project_id,
  coalesce(oracle.given(r ->> 'project_alias'), 'none') AS alias,
  r ->> 'budget_id' AS budget_id,
  (r ->> 'spend')::float8 AS spend,
  coalesce((r ->> 'blocked')::boolean, false) AS blocked
FROM oracle.source_project
OFFSET 0;

CREATE VIEW oracle.tags AS
SELECT r ->> 'tag_name' AS tag_name, r ->> 'budget_id' AS budget_id, (r ->> 'spend')::float8 AS spend
FROM oracle.source_tag
OFFSET 0;

CREATE VIEW oracle.models AS
SELECT
  r ->> 'model_id' AS model_id,
  r ->> 'model_name' AS model_name,
  oracle.text_at(info, 'base_model') AS base_model,
  oracle.text_at(info, 'mode') AS mode
FROM oracle.source_model, LATERAL (SELECT oracle.unwrapped(r -> 'model_info') AS info) AS opened
OFFSET 0;

-- Which key answers for a token: its own, or the one that its replacements lead to.
CREATE VIEW oracle.key_of_token AS
WITH RECURSIVE replaced AS (
  SELECT old, new FROM oracle.replacements
  UNION
  SELECT r ->> 'token', r ->> 'active_token_id' FROM oracle.source_deprecated_key
),
answers (token, key) AS (
  SELECT token, token FROM oracle.all_keys
  UNION
  SELECT replaced.old, answers.key
  FROM answers JOIN replaced ON replaced.new = answers.token
  WHERE replaced.old NOT IN (SELECT token FROM oracle.all_keys)
)
SELECT token, key FROM answers;

-- METRICS.md section 3, a line each; rate limits as section 2 has them.
CREATE VIEW oracle.holders AS
SELECT 'user' AS entity_type, user_id AS entity_id, alias AS entity_alias, max_budget, NULL::float8 AS soft_budget,
  spend, reset_at, parallel, tpm, rpm
FROM oracle.users
UNION ALL
SELECT 'team', team_id, alias, max_budget, soft_budget, spend, reset_at, parallel, tpm, rpm
FROM oracle.teams
UNION ALL
SELECT 'organization', organization_id, alias, b.max_budget, b.soft_budget, spend, b.reset_at, b.parallel, b.tpm, b.rpm
FROM oracle.organizations JOIN oracle.budgets b USING (budget_id)
UNION ALL
SELECT 'key', token, alias, coalesce(k.max_budget, b.max_budget), b.soft_budget, spend, coalesce(k.reset_at, b.reset_at),
  coalesce(k.parallel, b.parallel), coalesce(k.tpm, b.tpm), coalesce(k.rpm, b.rpm)
FROM oracle.keys k LEFT JOIN oracle.budgets b USING (budget_id)
UNION ALL
SELECT 'end_user', user_id, alias, b.max_budget, b.soft_budget, spend, b.reset_at, b.parallel, b.tpm, b.rpm
FROM oracle.end_users JOIN oracle.budgets b USING (budget_id)
UNION ALL
SELECT 'team_member', replace(m.team_id, '/', '%2F') || '/' || replace(m.user_id, '/', '%2F'),
  coalesce(t.alias, 'none') || '/' || coalesce(u.alias, 'none'),
  b.max_budget, b.soft_budget, m.spend, b.reset_at, NULL, NULL, NULL
FROM oracle.memberships m JOIN oracle.budgets b USING (budget_id)
  LEFT JOIN oracle.teams t USING (team_id) LEFT JOIN oracle.users u USING (user_id)
UNION ALL
SELECT 'project', project_id, alias, b.max_budget, b.soft_budget, spend, b.reset_at, NULL, NULL, NULL
FROM oracle.projects JOIN oracle.budgets b USING (budget_id)
UNION ALL
SELECT 'tag', tag_name, tag_name, b.max_budget, b.soft_budget, spend, b.reset_at, NULL, NULL, NULL
FROM oracle.tags JOIN oracle.budgets b USING (budget_id);
