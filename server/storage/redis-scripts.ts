/**
 * What Redis must decide in one step. Every key of a script carries the same hash tag, so that Redis Cluster can run
 * it; keys built inside a script only differ after the tag.
 */

/**
 * KEYS: lane, keys, facts, turns. ARGV: lane, value as JSON, random part of the id, `at` or '', `supersedes` or '',
 * seconds a turn's lane lives, channel, conversation, keys as JSON, the key required or '', and each key.
 * Returns `stored <entry>`, `existing <lane> <entry> <milliseconds since 1970>`, `conflict <length>` or `gone`.
 */
export const commitScript = `
local lanes = string.sub(KEYS[1], 1, -#ARGV[1] - 1)
if ARGV[10] ~= '' and redis.call('HEXISTS', KEYS[2], ARGV[10]) == 0 then
  return {'gone'}
end
for i = 11, #ARGV do
  local holder = redis.call('HGET', KEYS[2], ARGV[i])
  if holder then
    local lane, position, id = string.match(holder, '^(%S+) (%d+) (%S+)$')
    local entry = redis.call('LINDEX', lanes .. lane, position)
    local start = '{"position":' .. position .. ',"id":"' .. id .. '"'
    if entry and string.sub(entry, 1, #start) == start and id ~= ARGV[5] then
      local clock = redis.call('TIME')
      return {'existing', lane, entry, clock[1] * 1000 + math.floor(clock[2] / 1000)}
    end
  end
end
local position = redis.call('LLEN', KEYS[1])
if ARGV[4] ~= '' and tonumber(ARGV[4]) ~= position then
  return {'conflict', position}
end
local clock = redis.call('TIME')
local ms = clock[1] * 1000 + math.floor(clock[2] / 1000)
ms = math.max(ms, tonumber(redis.call('HGET', KEYS[3], 'lastAt') or 0))
local digits, rest = '', position
repeat
  local digit = rest % 36
  digits = string.sub('0123456789abcdefghijklmnopqrstuvwxyz', digit + 1, digit + 1) .. digits
  rest = math.floor(rest / 36)
until rest == 0
local id = digits .. '-' .. ARGV[3]
local days = math.floor(ms / 86400000) + 719468
local era = math.floor(days / 146097)
local doe = days - era * 146097
local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
local shifted = math.floor((5 * doy + 2) / 153)
local day = doy - math.floor((153 * shifted + 2) / 5) + 1
local month = shifted < 10 and shifted + 3 or shifted - 9
local year = yoe + era * 400 + (month <= 2 and 1 or 0)
local createdAt = string.format('%04d-%02d-%02dT%02d:%02d:%02d.%03dZ', year, month, day, math.floor(ms / 3600000) % 24,
  math.floor(ms / 60000) % 60, math.floor(ms / 1000) % 60, ms % 1000)
local number = string.format('%d', position)
local entry = '{"position":' .. number .. ',"id":"' .. id .. '","createdAt":"' .. createdAt .. '","keys":' .. ARGV[9]
  .. ',"value":' .. ARGV[2] .. '}'
redis.call('RPUSH', KEYS[1], entry)
redis.call('HSET', KEYS[3], 'lastAt', string.format('%.0f', ms))
for i = 11, #ARGV do
  redis.call('HSET', KEYS[2], ARGV[i], ARGV[1] .. ' ' .. number .. ' ' .. id)
end
if ARGV[6] ~= '' then
  redis.call('SADD', KEYS[4], ARGV[1])
  redis.call('EXPIRE', KEYS[1], ARGV[6])
  redis.call('EXPIRE', KEYS[4], ARGV[6])
end
redis.call('PUBLISH', ARGV[7], ARGV[8] .. ' ' .. ARGV[1] .. ' ' .. number)
return {'stored', entry}
`

/** KEYS: lane, keys. ARGV: pairs of a key and the holder it must still name. Forgets the lane and these keys. */
export const dropLaneScript = `
for i = 1, #ARGV, 2 do
  if redis.call('HGET', KEYS[2], ARGV[i]) == ARGV[i + 1] then redis.call('HDEL', KEYS[2], ARGV[i]) end
end
redis.call('DEL', KEYS[1])
`

/**
 * KEYS: turns, keys, facts, public lane, private lane. ARGV: how the keys of lanes begin; then, if it is to go only as it was
 * read, the ids of the newest entries of both lanes. Returns whether it is gone. An empty lane was read.
 */
export const dropConversationScript = `
for i = 4, ARGV[2] and 5 or 3 do
  local newest = redis.call('LINDEX', KEYS[i], -1)
  if newest and string.match(newest, '^{"position":%d+,"id":"([^"]+)"') ~= ARGV[i - 2] then return 0 end
end
for _, lane in ipairs(redis.call('SMEMBERS', KEYS[1])) do redis.call('DEL', ARGV[1] .. lane) end
redis.call('DEL', unpack(KEYS))
return 1
`
