/** Makes a generation that is whole the current one, by one pointer (W6). */
export const MAKE_CURRENT = `
-- KEYS[1] meta (hash)
-- ARGV[1] format  [2] system  [3] rank  [4] generation  [5] next  [6] version  [7] checkpoint (JSON)  [8] clock  [9] settings (JSON)
-- returns {'STORED'}, {'DONE'} when it was current before, {'FENCED', rank}, {'FORMAT', format}, {'WRONGTYPE', key},
--   {'MISMATCH', next} when the draft is no longer known: the store was flushed or went back while it was written
local kind = redis.call('TYPE', KEYS[1]).ok
if kind ~= 'hash' and kind ~= 'none' then return {'WRONGTYPE', KEYS[1]} end
local format, system, rank, generation, draft, next = unpack(redis.call('HMGET', KEYS[1],
  'format', 'system', 'rank', 'generation', 'draft', 'next'))
if not format then return {'MISMATCH', ''} end
if not (tonumber(format) and tonumber(format) <= tonumber(ARGV[1])) then return {'FORMAT', format} end
if system ~= ARGV[2] or rank > ARGV[3] then return {'FENCED', rank} end
if generation == ARGV[4] then return {'DONE'} end
if draft ~= ARGV[4] then return {'MISMATCH', next or ''} end
-- from here on processes of an older format refuse to show what they have (W7)
redis.call('HSET', KEYS[1], 'format', ARGV[1], 'version', ARGV[6], 'checkpoint', ARGV[7], 'clock', ARGV[8], 'settings', ARGV[9],
  'base', ARGV[6], 'base_clock', ARGV[8], 'next', ARGV[5], 'generation', ARGV[4], 'owner', ARGV[2])
redis.call('HDEL', KEYS[1], 'draft')
return {'STORED'}
`;
