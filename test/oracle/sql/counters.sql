WITH c AS MATERIALIZED (SELECT *, coalesce(model, 'unknown') AS m, greatest(spend, 0)::numeric AS cost FROM oracle.counted)
SELECT 'litellm_spend_usd_total' AS family, jsonb_build_object('model', m) AS labels, sum(cost)::float8 AS value FROM c GROUP BY m
UNION ALL
SELECT 'litellm_requests_processed_total', jsonb_build_object('model', m, 'status', status), count(*) FROM c GROUP BY m, status
UNION ALL
SELECT 'litellm_request_errors_total', jsonb_build_object('model', m, 'error_type', error_type), count(*)
FROM c WHERE status = 'failure' GROUP BY m, error_type
UNION ALL
SELECT 'litellm_request_cache_total', jsonb_build_object('model', m, 'result', cache), count(*)
FROM c WHERE cache IS NOT NULL GROUP BY m, cache
UNION ALL
SELECT 'litellm_tokens_processed_total', jsonb_build_object('model', m, 'kind', kind, 'cached', cached), sum(tokens)
FROM c, LATERAL (VALUES ('prompt', prompt_tokens), ('completion', completion_tokens)) AS kinds (kind, tokens),
  LATERAL (SELECT CASE cache WHEN 'hit' THEN 'true' ELSE 'false' END AS cached) AS split
GROUP BY m, kind, cached
UNION ALL
SELECT 'litellm_team_spend_usd_total', jsonb_build_object('team_id', team_id, 'team_alias', team_alias), sum(cost)
FROM c WHERE team_alias IS NOT NULL AND NOT team_ended GROUP BY team_id, team_alias
UNION ALL
SELECT 'litellm_key_spend_usd_total', jsonb_build_object('key_name', key_name, 'key_alias', key_alias), sum(cost)
FROM c WHERE NOT key_ended GROUP BY key_name, key_alias
