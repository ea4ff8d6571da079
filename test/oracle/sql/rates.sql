WITH m AS MATERIALIZED (
  SELECT w.*, coalesce(w.model, 'unknown') AS m, coalesce(w.organization_id, t.organization_id) AS owner, a.key
  FROM oracle.in_window('M') w
    LEFT JOIN oracle.teams t ON t.team_id = w.team_id
    LEFT JOIN oracle.pair_of_token a ON a.token = w.api_key
), labelled AS (
  SELECT m, total_tokens, 'user' AS type, u.user_id AS id, u.alias FROM m JOIN oracle.users u USING (user_id)
  UNION ALL
  SELECT m, total_tokens, 'team', t.team_id, t.alias FROM m JOIN oracle.teams t USING (team_id)
  UNION ALL
  SELECT m, total_tokens, 'organization', o.organization_id, o.alias
  FROM m JOIN oracle.organizations o ON o.organization_id = m.owner
  UNION ALL
  SELECT m, total_tokens, 'key', k.token, k.alias FROM m JOIN oracle.keys k ON k.token = m.key
), summed AS (
  SELECT jsonb_build_object('model', m, 'entity_type', type, 'entity_id', id, 'entity_alias', alias) AS labels,
    sum(total_tokens) AS tokens, count(*)::float8 AS rows
  FROM labelled GROUP BY m, type, id, alias
)
SELECT 'litellm_current_tpm' AS family, labels, tokens AS value FROM summed
UNION ALL
SELECT 'litellm_current_rpm', labels, rows FROM summed
