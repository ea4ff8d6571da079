/** Says that the base holds everything up to a version, and trims the log. */
export const ADVANCE_BASE = `
-- KEYS[1] meta (hash)  KEYS[2] log of the generation (stream)  KEYS[3..] staged parts of the entries that are trimmed
-- ARGV[1] system  [2] rank  [3] pen  [4] generation  [5] base version  [6] clock of the base  [7] id of the oldest entry to keep
-- returns {'DONE'}, {'FENCED', rank}, {'LATE'} or {'MISMATCH'}
if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then return {'FENCED', ''} end
local system, rank, pen, generation, base = unpack(redis.call('HMGET', KEYS[1],
  'system', 'rank', 'pen', 'generation', 'base'))
if system ~= ARGV[1] or rank ~= ARGV[2] then return {'FENCED', rank or ''} end
if pen and pen > ARGV[3] then return {'LATE'} end
if generation ~= ARGV[4] then return {'MISMATCH'} end
if tonumber(ARGV[5]) > (tonumber(base) or -1) then
  redis.call('HSET', KEYS[1], 'base', ARGV[5], 'base_clock', ARGV[6])
end
redis.call('XTRIM', KEYS[2], 'MINID', ARGV[7])
for i = 3, #KEYS do redis.call('UNLINK', KEYS[i]) end
return {'DONE'}
`;
