/** Announces a writer (W4). Older claims of the same system are fenced from then on. */
export const CLAIM_WRITER = `
-- KEYS[1] meta (hash)
-- ARGV[1] format  [2] system  [3] rank: timeline and position, compared as text
-- returns {'DONE'}, {'FENCED', rank}, {'FORMAT', format} or {'WRONGTYPE', key}
local kind = redis.call('TYPE', KEYS[1]).ok
if kind ~= 'hash' and kind ~= 'none' then return {'WRONGTYPE', KEYS[1]} end
local format, system, rank = unpack(redis.call('HMGET', KEYS[1], 'format', 'system', 'rank'))
if format and not (tonumber(format) and tonumber(format) <= tonumber(ARGV[1])) then return {'FORMAT', format} end
if system == ARGV[2] and rank > ARGV[3] then return {'FENCED', rank} end
-- the claim of another system replaces this one, but its steps are refused on a generation that it does not own
if system ~= ARGV[2] or rank ~= ARGV[3] then redis.call('HDEL', KEYS[1], 'pen', 'draft') end
redis.call('HSET', KEYS[1], 'system', ARGV[2], 'rank', ARGV[3])
-- what an older version stored is not read by this one, but its processes serve it until there is something newer
if not format then redis.call('HSET', KEYS[1], 'format', ARGV[1]) end
return {'DONE'}
`;
