-- The shadow of LiteLLM_SpendLogs: every row that was ever committed, whatever became of it in the table itself.
-- Unlogged, so that the stream under test carries none of it.
CREATE SCHEMA oracle;

-- The moment and the settings for which families are computed; one row.
CREATE UNLOGGED TABLE oracle.moment (
  now timestamptz NOT NULL,
  spend interval NOT NULL,
  request interval NOT NULL,
  error interval NOT NULL,
  row_max_age interval NOT NULL,
  tag_exclude text NOT NULL,
  duration_buckets float8[] NOT NULL,
  ttft_buckets float8[] NOT NULL
);

-- Rows as the trigger took them, until oracle.settle() reads them.
CREATE UNLOGGED TABLE oracle.arrivals (
  xid xid8, -- NULL for rows of a seed
  content jsonb NOT NULL
);

-- Rows as METRICS.md reads them.
CREATE UNLOGGED TABLE oracle.rows (
  request_id text,
  seeded boolean NOT NULL,
  history boolean NOT NULL,
  started timestamptz NOT NULL,
  ended timestamptz NOT NULL,
  arrived timestamptz NOT NULL,
  -- Of a row that a new seed did not find in the table: only buckets that end before this time are kept (with Redis).
  kept_before timestamptz,
  model text, -- NULL for none, as the five below
  model_id text,
  model_group text,
  provider text,
  user_id text,
  team_id text,
  organization_id text,
  api_key text,
  spend float8 NOT NULL,
  total_tokens float8 NOT NULL,
  prompt_tokens float8 NOT NULL,
  completion_tokens float8 NOT NULL,
  status text NOT NULL,
  error_type text NOT NULL,
  cache text, -- hit, miss or NULL
  tags text[] NOT NULL,
  duration float8, -- seconds; NULL where the row is not observed
  first_token float8
);

-- Rows that true counters and histograms have counted, with the labels in force when they were committed.
CREATE UNLOGGED TABLE oracle.counted (
  LIKE oracle.rows,
  team_alias text, -- NULL where the team is unknown
  key_name text NOT NULL,
  key_alias text NOT NULL,
  team_ended boolean NOT NULL DEFAULT false,
  key_ended boolean NOT NULL DEFAULT false
);

-- Tokens that were replaced by an UPDATE of the primary key.
CREATE UNLOGGED TABLE oracle.replacements (old text NOT NULL, new text NOT NULL);

CREATE FUNCTION oracle.take_arrivals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO oracle.arrivals
  SELECT pg_current_xact_id(), to_jsonb(added) - ARRAY['messages', 'response', 'proxy_server_request'] FROM added;
  RETURN NULL;
END $$;

CREATE FUNCTION oracle.take_replacement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO oracle.replacements VALUES (OLD.token, NEW.token);
  RETURN NULL;
END $$;

CREATE FUNCTION oracle.parsed(value jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RETURN (value #>> '{}')::jsonb;
EXCEPTION WHEN OTHERS THEN
  RETURN value;
END $$;

-- A JSON string around JSON is taken off, once.
CREATE FUNCTION oracle.unwrapped(value jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE jsonb_typeof(value) WHEN 'string' THEN oracle.parsed(value) ELSE value END
$$;

-- NULL and '' are the same.
CREATE FUNCTION oracle.given(value text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT nullif(value, '') $$;

-- A text of a JSON object, where it is a text.
CREATE FUNCTION oracle.text_at(value jsonb, VARIADIC path text[]) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN jsonb_typeof(value #> path) = 'string' THEN nullif(value #>> path, '') END
$$;

CREATE FUNCTION oracle.finite(value float8) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN value IN ('NaN', 'Infinity', '-Infinity') THEN 0 ELSE coalesce(value, 0) END
$$;

-- The non-empty strings of an array, each once.
CREATE FUNCTION oracle.tags_of(value jsonb, exclude text) RETURNS text[] LANGUAGE sql STABLE AS $$
  SELECT coalesce(array_agg(DISTINCT item #>> '{}'), '{}')
  FROM jsonb_array_elements(CASE WHEN jsonb_typeof(value) = 'array' THEN value ELSE '[]' END) AS item
  WHERE jsonb_typeof(item) = 'string' AND item #>> '{}' <> '' AND item #>> '{}' !~ exclude
$$;

-- "status = the row's where it is success or failure, else metadata.status where it is one of them, else success"
CREATE FUNCTION oracle.status_of(status text, metadata jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN status IN ('success', 'failure') THEN status
    WHEN oracle.text_at(metadata, 'status') IN ('success', 'failure') THEN metadata ->> 'status'
    ELSE 'success' END
$$;

-- OFFSET 0 keeps PostgreSQL from computing what stands in a step once for each of its uses.
CREATE VIEW oracle.read_arrivals AS
SELECT
  xid, request_id, started, ended, model, model_id, model_group, provider, user_id, team_id, organization_id, api_key, spend,
  total_tokens, prompt_tokens, completion_tokens, status, error_type, cache, tags, row_max_age,
  CASE WHEN observed AND elapsed >= 0 THEN elapsed END AS duration,
  CASE WHEN observed AND first_token_at < ended AND first_token_at >= started
    THEN extract(epoch FROM first_token_at - started)::float8 END AS first_token
FROM (
  SELECT
    xid,
    request_id,
    "startTime" AS started,
    "endTime" AS ended,
    "completionStartTime" AS first_token_at,
    oracle.given(model) AS model,
    oracle.given(model_id) AS model_id,
    oracle.given(model_group) AS model_group,
    oracle.given(custom_llm_provider) AS provider,
    oracle.given("user") AS user_id,
    oracle.given(team_id) AS team_id,
    oracle.given(organization_id) AS organization_id,
    oracle.given(api_key) AS api_key,
    oracle.finite("row".spend) AS spend,
    total_tokens,
    prompt_tokens,
    completion_tokens,
    read_status AS status,
    coalesce(oracle.text_at(read_metadata, 'error_information', 'error_class'), 'unknown') AS error_type,
    CASE lower(cache_hit) WHEN 'true' THEN 'hit' WHEN 'false' THEN 'miss' END AS cache,
    oracle.tags_of(oracle.unwrapped(request_tags), tag_exclude) AS tags,
    read_status = 'success' AND lower(cache_hit) IS DISTINCT FROM 'true' AS observed,
    coalesce(request_duration_ms / 1000, extract(epoch FROM "endTime" - "startTime")::float8) AS elapsed,
    row_max_age
  FROM oracle.arrivals, oracle.moment,
    LATERAL (SELECT * FROM jsonb_to_record(content) AS content (
      request_id text, "startTime" timestamptz, "endTime" timestamptz, "completionStartTime" timestamptz, model text,
      model_id text, model_group text, custom_llm_provider text, "user" text, team_id text, organization_id text,
      api_key text, spend float8, total_tokens float8, prompt_tokens float8, completion_tokens float8, status text,
      cache_hit text, request_tags jsonb, metadata jsonb, request_duration_ms float8
    ) OFFSET 0) AS "row",
    LATERAL (SELECT oracle.unwrapped(metadata) AS read_metadata OFFSET 0) AS opened,
    LATERAL (SELECT oracle.status_of(status, read_metadata) AS read_status OFFSET 0) AS judged
  OFFSET 0
) AS read;
