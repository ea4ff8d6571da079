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

-- A JSON string around JSON is taken off, once.
CREATE FUNCTION oracle.unwrapped(value jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF jsonb_typeof(value) <> 'string' THEN RETURN value; END IF;
  RETURN (value #>> '{}')::jsonb;
EXCEPTION WHEN OTHERS THEN
  RETURN value;
END $$;

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

CREATE VIEW oracle.read_arrivals AS
SELECT
  raw.*,
  CASE WHEN observed THEN measured END AS duration,
  CASE WHEN observed AND first_token_at < ended AND first_token_at >= started
    THEN extract(epoch FROM first_token_at - started)::float8 END AS first_token
FROM (
  SELECT
    xid,
    content ->> 'request_id' AS request_id,
    (content ->> 'startTime')::timestamptz AS started,
    (content ->> 'endTime')::timestamptz AS ended,
    (content ->> 'completionStartTime')::timestamptz AS first_token_at,
    oracle.given(content ->> 'model') AS model,
    oracle.given(content ->> 'model_id') AS model_id,
    oracle.given(content ->> 'model_group') AS model_group,
    oracle.given(content ->> 'custom_llm_provider') AS provider,
    oracle.given(content ->> 'user') AS user_id,
    oracle.given(content ->> 'team_id') AS team_id,
    oracle.given(content ->> 'organization_id') AS organization_id,
    oracle.given(content ->> 'api_key') AS api_key,
    oracle.finite((content ->> 'spend')::float8) AS spend,
    (content ->> 'total_tokens')::float8 AS total_tokens,
    (content ->> 'prompt_tokens')::float8 AS prompt_tokens,
    (content ->> 'completion_tokens')::float8 AS completion_tokens,
    status,
    coalesce(oracle.text_at(metadata, 'error_information', 'error_class'), 'unknown') AS error_type,
    CASE lower(content ->> 'cache_hit') WHEN 'true' THEN 'hit' WHEN 'false' THEN 'miss' END AS cache,
    oracle.tags_of(oracle.unwrapped(content -> 'request_tags'), moment.tag_exclude) AS tags,
    status = 'success' AND lower(content ->> 'cache_hit') IS DISTINCT FROM 'true' AS observed,
    CASE WHEN elapsed >= 0 THEN elapsed END AS measured,
    moment.row_max_age
  FROM oracle.arrivals, oracle.moment,
    LATERAL (SELECT oracle.unwrapped(content -> 'metadata') AS metadata) AS opened,
    LATERAL (SELECT oracle.status_of(content ->> 'status', metadata) AS status) AS judged,
    LATERAL (SELECT coalesce(
      (content ->> 'request_duration_ms')::float8 / 1000,
      extract(epoch FROM (content ->> 'endTime')::timestamptz - (content ->> 'startTime')::timestamptz)::float8
    ) AS elapsed) AS timed
) AS raw;
