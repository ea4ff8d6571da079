WITH h AS MATERIALIZED (
  SELECT *, jsonb_build_object('entity_type', entity_type, 'entity_id', entity_id, 'entity_alias', entity_alias) AS labels
  FROM oracle.holders
)
SELECT 'litellm_max_budget' AS family, labels, max_budget AS value FROM h WHERE max_budget IS NOT NULL
UNION ALL
SELECT 'litellm_soft_budget', labels, soft_budget FROM h WHERE soft_budget IS NOT NULL
UNION ALL
SELECT 'litellm_budget_utilization', labels, CASE max_budget WHEN 0 THEN 100 ELSE 100 * spend / max_budget END
FROM h WHERE max_budget IS NOT NULL
UNION ALL
SELECT 'litellm_budget_spend', labels, spend FROM h WHERE max_budget IS NOT NULL
UNION ALL
SELECT 'litellm_budget_reset_time', labels, greatest(0, extract(epoch FROM reset_at - now))
FROM h, oracle.moment WHERE max_budget IS NOT NULL AND reset_at IS NOT NULL
UNION ALL
SELECT 'litellm_budget_reset_timestamp_seconds', labels, extract(epoch FROM reset_at)
FROM h WHERE max_budget IS NOT NULL AND reset_at IS NOT NULL
UNION ALL
SELECT 'litellm_parallel_requests', labels, parallel FROM h WHERE parallel IS NOT NULL
UNION ALL
SELECT 'litellm_tpm_limit', labels, tpm FROM h WHERE tpm IS NOT NULL
UNION ALL
SELECT 'litellm_rpm_limit', labels, rpm FROM h WHERE rpm IS NOT NULL
