-- METRICS.md section 1: "A window of length W is cut into buckets of width b(W) ... At time now a window holds the rows with
-- ts >= floor_b(now - W)."
CREATE VIEW oracle.windows AS
SELECT name, width, to_timestamp(floor((extract(epoch FROM now) - extract(epoch FROM length)) / width) * width) AS edge
FROM oracle.moment,
  LATERAL (VALUES ('S', spend), ('R', request), ('E', error), ('K', interval '30 days'), ('M', interval '1 minute'))
    AS windows (name, length),
  LATERAL (
    SELECT coalesce(max(candidate), 1) AS width
    FROM unnest(ARRAY[1, 5, 10, 30, 60, 300, 600, 1800, 3600, 21600, 86400]) AS candidate
    WHERE candidate <= extract(epoch FROM length) / 120
  ) AS cut;

-- The rows of a window: S, R, E and K by start, M by arrival; history changes nothing.
CREATE FUNCTION oracle.in_window(wanted text) RETURNS SETOF oracle.rows LANGUAGE sql STABLE AS $$
  SELECT r.*
  FROM oracle.rows r JOIN oracle.windows w ON w.name = wanted
  WHERE NOT r.history
    AND CASE wanted WHEN 'M' THEN r.arrived ELSE r.started END >= w.edge
    AND (r.kept_before IS NULL
      OR floor(extract(epoch FROM r.started) / w.width) * w.width + w.width <= extract(epoch FROM r.kept_before))
$$;

-- Which key answers for a token, and its labels, as of the last call of settle().
CREATE UNLOGGED TABLE oracle.pair_of_token (
  token text PRIMARY KEY,
  key text NOT NULL,
  key_name text NOT NULL,
  key_alias text NOT NULL
);

-- Reads what has arrived and was committed. To be called after every write and before the next change of an entity, so that counters
-- get the labels in force at the commit.
CREATE FUNCTION oracle.settle() RETURNS bigint LANGUAGE plpgsql SET timezone = 'UTC' SET jit = off AS $$
DECLARE
  settled bigint;
BEGIN
  DELETE FROM oracle.pair_of_token;
  INSERT INTO oracle.pair_of_token
  SELECT a.token, k.token, k.key_name, k.key_alias FROM oracle.key_of_token a JOIN oracle.all_keys k ON k.token = a.key;
  WITH read AS (
    SELECT *, pg_xact_commit_timestamp(xid::xid) AS committed FROM oracle.read_arrivals
  ), emptied AS (
    DELETE FROM oracle.arrivals
  ), placed AS (
    INSERT INTO oracle.rows (
      request_id, seeded, history, started, ended, arrived, model, model_id, model_group, provider, user_id, team_id,
      organization_id, api_key, spend, total_tokens, prompt_tokens, completion_tokens, status, error_type, cache, tags,
      duration, first_token
    )
    SELECT request_id, xid IS NULL, coalesce(ended < committed - row_max_age, false), started, ended,
      coalesce(committed, ended), model, model_id, model_group, provider, user_id, team_id, organization_id, api_key, spend,
      total_tokens, prompt_tokens, completion_tokens, status, error_type, cache, tags, duration, first_token
    FROM read
    RETURNING *
  ), counted AS (
    INSERT INTO oracle.counted
    SELECT p.*, t.alias, coalesce(k.key_name, 'none'), coalesce(k.key_alias, 'none')
    FROM placed p LEFT JOIN oracle.teams t USING (team_id) LEFT JOIN oracle.pair_of_token k ON k.token = p.api_key
    WHERE NOT p.seeded AND NOT p.history
  )
  SELECT count(*) INTO settled FROM placed;
  RETURN settled;
END $$;

-- "a rename, rotation or deletion starts or ends a series": what was counted under labels that nobody bears any more is gone with them.
CREATE FUNCTION oracle.end_series() RETURNS void LANGUAGE sql AS $$
  UPDATE oracle.counted SET team_ended = true
  WHERE NOT team_ended AND team_alias IS NOT NULL AND (team_id, team_alias) NOT IN (SELECT team_id, alias FROM oracle.teams);
  UPDATE oracle.counted SET key_ended = true
  WHERE NOT key_ended AND (key_name, key_alias) <> ('none', 'none')
    AND (key_name, key_alias) NOT IN (SELECT key_name, key_alias FROM oracle.all_keys);
$$;

-- "after a new seed they go on from the old value plus the seed's rows whose endTime is later than the commit of the last applied
-- transaction (within ROW_MAX_AGE)"
CREATE FUNCTION oracle.count_unseen(last_commit timestamptz) RETURNS void LANGUAGE sql AS $$
  INSERT INTO oracle.counted
  SELECT r.*, t.alias, coalesce(k.key_name, 'none'), coalesce(k.key_alias, 'none')
  FROM oracle.rows r LEFT JOIN oracle.teams t USING (team_id) LEFT JOIN oracle.pair_of_token k ON k.token = r.api_key
  WHERE r.seeded AND r.ended > last_commit AND r.kept_before IS NULL
$$;
