WITH r AS MATERIALIZED (SELECT *, coalesce(model, 'unknown') AS m FROM oracle.in_window('R')),
e AS MATERIALIZED (SELECT *, coalesce(model, 'unknown') AS m FROM oracle.in_window('E') WHERE status = 'failure')
SELECT 'litellm_requests_total' AS family, jsonb_build_object('model', m, 'status', status) AS labels, count(*)::float8 AS value
FROM r GROUP BY m, status
UNION ALL
SELECT 'litellm_cache_hits_total', jsonb_build_object('model', m), count(*) FROM r WHERE cache = 'hit' GROUP BY m
UNION ALL
SELECT 'litellm_cache_misses_total', jsonb_build_object('model', m), count(*) FROM r WHERE cache = 'miss' GROUP BY m
UNION ALL
SELECT 'litellm_errors_total', jsonb_build_object('model', m, 'error_type', error_type), count(*) FROM e GROUP BY m, error_type
UNION ALL
SELECT 'litellm_error_rate', jsonb_build_object('model', m),
  count(*) / (SELECT extract(epoch FROM error)::float8 / 60 FROM oracle.moment)
FROM e GROUP BY m
