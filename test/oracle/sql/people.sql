WITH blocked AS (
  SELECT 'team' AS type, team_id AS id, alias FROM oracle.teams WHERE blocked
  UNION ALL
  SELECT 'key', token, alias FROM oracle.keys WHERE blocked
  UNION ALL
  SELECT 'end_user', user_id, alias FROM oracle.end_users WHERE blocked
  UNION ALL
  SELECT 'project', project_id, alias FROM oracle.projects WHERE blocked
  UNION ALL
  SELECT 'user', u.user_id, u.alias FROM oracle.users u JOIN oracle.end_users e USING (user_id) WHERE e.blocked
), members AS (
  SELECT jsonb_build_object('team_id', team_id, 'team_alias', alias) AS labels,
    CASE jsonb_typeof(members_with_roles) WHEN 'array' THEN members_with_roles ELSE '[]' END AS entries,
    CASE jsonb_typeof(admins) WHEN 'array' THEN admins ELSE '[]' END AS admins,
    CASE jsonb_typeof(members) WHEN 'array' THEN members ELSE '[]' END AS members
  FROM oracle.teams
), counts AS (
  SELECT labels, entries <> '[]' AS has_roles,
    jsonb_array_length(entries) AS entries,
    (SELECT count(*) FROM jsonb_array_elements(entries) AS entry WHERE entry ->> 'role' = 'admin') AS admin_entries,
    (SELECT count(DISTINCT id) FROM jsonb_array_elements_text(admins || members) AS id WHERE id <> '') AS ids,
    (SELECT count(DISTINCT id) FROM jsonb_array_elements_text(admins) AS id WHERE id <> '') AS admin_ids
  FROM members
)
SELECT 'litellm_blocked_status' AS family,
  jsonb_build_object('entity_type', type, 'entity_id', id, 'entity_alias', alias) AS labels, 1::float8 AS value
FROM blocked
UNION ALL
SELECT 'litellm_member_count', labels, CASE WHEN has_roles THEN entries ELSE ids END FROM counts
UNION ALL
SELECT 'litellm_admin_count', labels, CASE WHEN has_roles THEN admin_entries ELSE admin_ids END FROM counts
