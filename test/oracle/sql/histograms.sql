WITH observed AS (
  SELECT 'litellm_request_duration_seconds' AS family, coalesce(model, 'unknown') AS m, duration AS seconds, duration_buckets AS bounds
  FROM oracle.counted, oracle.moment WHERE duration IS NOT NULL
  UNION ALL
  SELECT 'litellm_time_to_first_token_seconds', coalesce(model, 'unknown'), first_token, ttft_buckets
  FROM oracle.counted, oracle.moment WHERE first_token IS NOT NULL
)
SELECT family || '_count' AS family, jsonb_build_object('model', m) AS labels, count(*)::float8 AS value FROM observed GROUP BY family, m
UNION ALL
SELECT family || '_sum', jsonb_build_object('model', m), sum(seconds) FROM observed GROUP BY family, m
UNION ALL
SELECT family || '_bucket', jsonb_build_object('model', m, 'le', le::text), count(*) FILTER (WHERE seconds <= le)
FROM observed, unnest(bounds || '{Infinity}') AS le GROUP BY family, m, le
