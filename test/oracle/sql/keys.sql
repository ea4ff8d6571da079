WITH k AS MATERIALIZED (
  SELECT keys.*, keys.expires <= now AS expired, now, coalesce(keys.max_budget, b.max_budget) AS budget,
    jsonb_build_object('key_name', key_name, 'key_alias', key_alias) AS pair
  FROM oracle.moment, oracle.keys LEFT JOIN oracle.budgets b USING (budget_id)
), owned AS (
  SELECT 'user' AS type, u.user_id AS id, u.alias, k.blocked, k.expired FROM k JOIN oracle.users u USING (user_id)
  UNION ALL
  SELECT 'team', t.team_id, t.alias, k.blocked, k.expired FROM k JOIN oracle.teams t USING (team_id)
  UNION ALL
  SELECT 'organization', o.organization_id, o.alias, k.blocked, k.expired
  FROM k JOIN oracle.organizations o USING (organization_id)
), counts AS (
  SELECT jsonb_build_object('entity_type', type, 'entity_id', id, 'entity_alias', alias) AS labels,
    count(*) FILTER (WHERE NOT blocked AND expired IS NOT TRUE) AS active, count(*) FILTER (WHERE expired) AS expired
  FROM owned GROUP BY type, id, alias
)
SELECT 'litellm_active_keys' AS family, labels, active::float8 AS value FROM counts
UNION ALL
SELECT 'litellm_expired_keys', labels, expired FROM counts
UNION ALL
SELECT 'litellm_key_expiry', pair, extract(epoch FROM min(expires - now)) FROM k WHERE expires > now GROUP BY pair
UNION ALL
SELECT 'litellm_key_expires_timestamp_seconds', pair, extract(epoch FROM min(expires)) FROM k WHERE expires IS NOT NULL GROUP BY pair
UNION ALL
SELECT 'litellm_key_budget', pair, sum(budget) FROM k WHERE budget IS NOT NULL GROUP BY pair
UNION ALL
SELECT 'litellm_key_budget_spend', pair, sum(spend) FROM k WHERE budget IS NOT NULL GROUP BY pair
