WITH s AS MATERIALIZED (SELECT * FROM oracle.in_window('S')),
proxy AS (
  SELECT count(*) AS models FROM (
    SELECT oracle.given(model_name) AS name FROM oracle.models
    UNION
    SELECT model_group FROM s
  ) AS known WHERE name IS NOT NULL
), lists AS (
  SELECT 'user' AS type, user_id AS id, alias, models, NULL::jsonb AS of_team FROM oracle.users
  UNION ALL
  SELECT 'team', team_id, alias, models, NULL FROM oracle.teams
  UNION ALL
  SELECT 'organization', organization_id, alias, models, NULL FROM oracle.organizations
  UNION ALL
  -- The list of a team without one is empty, which is not the same as no team.
  SELECT 'key', k.token, k.alias, k.models,
    CASE WHEN t.team_id IS NOT NULL THEN CASE jsonb_typeof(t.models) WHEN 'array' THEN t.models ELSE '[]' END END
  FROM oracle.keys k LEFT JOIN oracle.teams t USING (team_id)
  WHERE jsonb_typeof(k.models) = 'array' AND k.models <> '[]'
), chosen AS (
  SELECT type, id, alias,
    CASE WHEN models ? 'all-team-models' AND NOT models ? 'no-default-models' THEN coalesce(of_team, '[]') ELSE models END AS models
  FROM lists
), counts AS (
  SELECT type, id, alias, CASE
    WHEN jsonb_typeof(models) IS DISTINCT FROM 'array' OR models = '[]' THEN (SELECT models FROM proxy)
    WHEN models ? 'no-default-models' THEN 0
    WHEN models ?| ARRAY['all-team-models', 'all-proxy-models'] THEN (SELECT models FROM proxy)
    ELSE (SELECT count(DISTINCT name) FROM jsonb_array_elements_text(models) AS name WHERE name <> '')
    END AS models
  FROM chosen
)
SELECT 'litellm_available_models' AS family,
  jsonb_build_object('entity_type', type, 'entity_id', id, 'entity_alias', alias) AS labels, models::float8 AS value
FROM counts
UNION ALL
SELECT 'litellm_model_info', jsonb_build_object('model_id', coalesce(model_id, ''), 'model_name', coalesce(model_name, ''),
  'model', '', 'provider', '', 'base_model', coalesce(base_model, ''), 'mode', coalesce(mode, ''), 'source', 'db'), 1
FROM oracle.models
UNION ALL
-- "Missing model -> unknown" holds for every family, so that this one joins with the others.
SELECT DISTINCT 'litellm_model_info', jsonb_build_object('model_id', coalesce(model_id, ''), 'model_name', coalesce(model_group, ''),
  'model', coalesce(model, 'unknown'), 'provider', coalesce(provider, ''), 'base_model', '', 'mode', '', 'source', 'traffic'), 1::float8
FROM s WHERE status = 'success'
