/** Makes one step current, or changes nothing (W3, W4, W6). */
export const COMMIT_STEP = `
-- KEYS[1] meta (hash)  KEYS[2] log of the generation (stream)  KEYS[3..] staged parts (strings), none for a small step
-- ARGV[1] format  [2] system  [3] rank  [4] generation  [5] prev  [6] next  [7] version before  [8] version
-- ARGV[9] checkpoint (JSON)  [10] clock  [11] field of the entry: 'd' data, 's' stage  [12] its value  [13] entry id
-- returns {'STORED'}, {'DONE'} when it was stored before, {'UNSTAGED'} when a part has gone,
--   {'FENCED', rank}, {'FORMAT', format}, {'MISMATCH', next}, {'WRONGTYPE', key}
local function has_type(key, kind)
  local found = redis.call('TYPE', key).ok
  return found == kind or found == 'none'
end
if not has_type(KEYS[1], 'hash') then return {'WRONGTYPE', KEYS[1]} end
if not has_type(KEYS[2], 'stream') then return {'WRONGTYPE', KEYS[2]} end
local format, system, rank, generation, owner, next, version = unpack(redis.call('HMGET', KEYS[1],
  'format', 'system', 'rank', 'generation', 'owner', 'next', 'version'))
if not format then return {'MISMATCH', ''} end
if format ~= ARGV[1] then return {'FORMAT', format} end
if system ~= ARGV[2] or rank > ARGV[3] then return {'FENCED', rank} end
if generation ~= ARGV[4] or owner ~= ARGV[2] or not next then return {'MISMATCH', ''} end
if next == ARGV[6] and version == ARGV[8] then return {'DONE'} end
if next ~= ARGV[5] or version ~= ARGV[7] then return {'MISMATCH', next} end
for i = 3, #KEYS do
  if redis.call('EXISTS', KEYS[i]) == 0 then return {'UNSTAGED'} end
end
redis.call('XADD', KEYS[2], ARGV[13], 'p', ARGV[5], ARGV[11], ARGV[12])
for i = 3, #KEYS do redis.call('PERSIST', KEYS[i]) end
-- last, so that a script that stops halfway has not moved the checkpoint
redis.call('HSET', KEYS[1], 'rank', ARGV[3], 'version', ARGV[8], 'checkpoint', ARGV[9], 'clock', ARGV[10], 'next', ARGV[6])
return {'STORED'}
`;
