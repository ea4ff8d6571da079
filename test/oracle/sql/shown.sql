-- "Series of a model or team known from seed or entity row are shown at 0"
SELECT DISTINCT 'litellm_spend_usd_total' AS family, jsonb_build_object('model', coalesce(model, 'unknown')) AS labels, 0::float8 AS value
FROM oracle.in_window('S') WHERE seeded AND status = 'success'
UNION ALL
SELECT 'litellm_team_spend_usd_total', jsonb_build_object('team_id', team_id, 'team_alias', alias), 0 FROM oracle.teams
