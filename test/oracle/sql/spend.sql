WITH s AS MATERIALIZED (SELECT *, coalesce(model, 'unknown') AS m FROM oracle.in_window('S')),
with_organization AS (
  SELECT s.*, coalesce(s.organization_id, t.organization_id) AS owner
  FROM s LEFT JOIN oracle.teams t ON t.team_id = s.team_id
)
SELECT 'litellm_total_spend' AS family, jsonb_build_object('model', m) AS labels, sum(spend::numeric)::float8 AS value
FROM s GROUP BY m
UNION ALL
SELECT 'litellm_user_spend', jsonb_build_object('user_id', u.user_id, 'user_alias', u.alias, 'model', m), sum(s.spend::numeric)
FROM s JOIN oracle.users u USING (user_id) GROUP BY u.user_id, u.alias, m
UNION ALL
SELECT 'litellm_team_spend', jsonb_build_object('team_id', t.team_id, 'team_alias', t.alias, 'model', m), sum(s.spend::numeric)
FROM s JOIN oracle.teams t USING (team_id) GROUP BY t.team_id, t.alias, m
UNION ALL
SELECT 'litellm_org_spend',
  jsonb_build_object('organization_id', o.organization_id, 'organization_alias', o.alias, 'model', m), sum(w.spend::numeric)
FROM with_organization w JOIN oracle.organizations o ON o.organization_id = w.owner
GROUP BY o.organization_id, o.alias, m
UNION ALL
SELECT 'litellm_tag_spend', jsonb_build_object('tag', tag), sum(spend::numeric)
FROM s, unnest(tags) AS tag GROUP BY tag
UNION ALL
SELECT 'litellm_key_spend', jsonb_build_object('key_name', coalesce(k.key_name, 'none'), 'key_alias', coalesce(k.key_alias, 'none')),
  sum(r.spend::numeric)
FROM oracle.in_window('K') r
  LEFT JOIN oracle.pair_of_token k ON k.token = r.api_key
GROUP BY coalesce(k.key_name, 'none'), coalesce(k.key_alias, 'none')
UNION ALL
SELECT family, jsonb_build_object('model', m), sum(tokens)
FROM s, LATERAL (VALUES
  ('litellm_total_tokens', total_tokens),
  ('litellm_prompt_tokens', prompt_tokens),
  ('litellm_completion_tokens', completion_tokens)) AS kinds (family, tokens)
GROUP BY family, m
