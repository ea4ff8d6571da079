/** Writes one piece of a generation's base, for the writer in force only. */
export const WRITE_BASE = `
-- KEYS[1] meta (hash)  KEYS[2..] one key for each operation: hashes of a base (set, delete, unlink) or its index (add, remove)
-- ARGV[1] system  [2] rank  [3] pen: number of the writing run, compared as text; a late piece of an earlier run is refused;
--   '' for a run that only deletes, which may go on beside others
-- then for each of KEYS[2..]: operation, number of values, values
-- returns {'DONE'}, {'FENCED', rank}, {'LATE'} or {'WRONGTYPE', key}
local commands = { set = 'HSET', delete = 'HDEL', add = 'SADD', remove = 'SREM', unlink = 'UNLINK' }
local types = { set = 'hash', delete = 'hash', add = 'set', remove = 'set' }
if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then return {'FENCED', ''} end
local system, rank, pen = unpack(redis.call('HMGET', KEYS[1], 'system', 'rank', 'pen'))
if system ~= ARGV[1] or rank ~= ARGV[2] then return {'FENCED', rank or ''} end
local ordered = ARGV[3] ~= ''
if ordered and pen and pen > ARGV[3] then return {'LATE'} end
local at = 4
for i = 2, #KEYS do
  local expected = types[ARGV[at]]
  local found = redis.call('TYPE', KEYS[i]).ok
  if expected and found ~= expected and found ~= 'none' then return {'WRONGTYPE', KEYS[i]} end
  at = at + 2 + tonumber(ARGV[at + 1])
end
if ordered and pen ~= ARGV[3] then redis.call('HSET', KEYS[1], 'pen', ARGV[3]) end
at = 4
for i = 2, #KEYS do
  local count = tonumber(ARGV[at + 1])
  if count == 0 then
    redis.call(commands[ARGV[at]], KEYS[i])
  else
    redis.call(commands[ARGV[at]], KEYS[i], unpack(ARGV, at + 2, at + 1 + count))
  end
  at = at + 2 + count
end
return {'DONE'}
`;
