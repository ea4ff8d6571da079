/** Announces a generation that is about to be written out of sight. */
export const OPEN_DRAFT = `
-- KEYS[1] meta (hash)  KEYS[2] generations that exist (set)
-- ARGV[1] format  [2] system  [3] rank  [4] generation
-- returns {'DONE'}, {'FENCED', rank}, {'FORMAT', format} or {'WRONGTYPE', key}
local function has_type(key, kind)
  local found = redis.call('TYPE', key).ok
  return found == kind or found == 'none'
end
if not has_type(KEYS[1], 'hash') then return {'WRONGTYPE', KEYS[1]} end
if not has_type(KEYS[2], 'set') then return {'WRONGTYPE', KEYS[2]} end
local format, system, rank = unpack(redis.call('HMGET', KEYS[1], 'format', 'system', 'rank'))
if format and not (tonumber(format) and tonumber(format) <= tonumber(ARGV[1])) then return {'FORMAT', format} end
if system and (system ~= ARGV[2] or rank > ARGV[3]) then return {'FENCED', rank} end
redis.call('SADD', KEYS[2], ARGV[4])
redis.call('HSET', KEYS[1], 'system', ARGV[2], 'rank', ARGV[3], 'draft', ARGV[4])
if not format then redis.call('HSET', KEYS[1], 'format', ARGV[1]) end
return {'DONE'}
`;
