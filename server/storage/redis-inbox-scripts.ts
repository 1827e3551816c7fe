/**
 * What the inbox in Redis must decide in one step. All of it lies in one hash slot. `KEYS[1]` is how its keys begin,
 * `<prefix>{inbox}:`, and is no key itself; scripts build the others from it:
 *
 * - `all`, `scope:<scope>`, `label:<label>`, `label:<label>:scope:<scope>`: sorted sets of conversations by time, in µs.
 * - `open`, `open:<conversation>`: the conversations with open marks, and the marks of each.
 * - `labels`: a hash, the labels of each conversation.
 * - `unlabelled`: a sorted set of conversations by stamp. `stamps` counts the stamps.
 * - `running`: a sorted set of appends under way, `<conversation> <append>`, and of removals, `<conversation> !<removal>`, by
 *   the time they began, in µs.
 */

const clock = `
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000000 + time[2])
local base = KEYS[1]
`

/**
 * An append begins. ARGV: conversation, its scope, mark to open or '', append or ''. Lists and opens; returns whether the
 * mark is new.
 */
export const enterScript = `${clock}
redis.call('ZADD', base .. 'all', 'NX', now, ARGV[1])
redis.call('ZADD', base .. 'scope:' .. ARGV[2], 'NX', now, ARGV[1])
if ARGV[4] ~= '' then redis.call('ZADD', base .. 'running', now, ARGV[1] .. ' ' .. ARGV[4]) end
if ARGV[3] == '' then return 0 end
redis.call('SADD', base .. 'open', ARGV[1])
return redis.call('SADD', base .. 'open:' .. ARGV[1], ARGV[3])
`

/**
 * An append has ended. ARGV: conversation, its scope, '1' to move it up, mark to close or '', append or ''. A conversation
 * that was erased meanwhile is not listed again.
 */
export const leaveScript = `${clock}
local isListed = redis.call('ZSCORE', base .. 'all', ARGV[1])
if isListed and ARGV[3] == '1' then
  redis.call('ZADD', base .. 'all', now, ARGV[1])
  redis.call('ZADD', base .. 'scope:' .. ARGV[2], now, ARGV[1])
  for label in string.gmatch(redis.call('HGET', base .. 'labels', ARGV[1]) or '', '%S+') do
    redis.call('ZADD', base .. 'label:' .. label, now, ARGV[1])
    redis.call('ZADD', base .. 'label:' .. label .. ':scope:' .. ARGV[2], now, ARGV[1])
  end
end
if ARGV[5] ~= '' then
  if isListed then redis.call('ZADD', base .. 'unlabelled', redis.call('INCR', base .. 'stamps'), ARGV[1]) end
  redis.call('ZREM', base .. 'running', ARGV[1] .. ' ' .. ARGV[5])
end
if ARGV[4] ~= '' then
  redis.call('SREM', base .. 'open:' .. ARGV[1], ARGV[4])
  if redis.call('SCARD', base .. 'open:' .. ARGV[1]) == 0 then redis.call('SREM', base .. 'open', ARGV[1]) end
end
`

const unlabel = `
for label in string.gmatch(redis.call('HGET', base .. 'labels', ARGV[1]) or '', '%S+') do
  redis.call('ZREM', base .. 'label:' .. label, ARGV[1])
  redis.call('ZREM', base .. 'label:' .. label .. ':scope:' .. ARGV[2], ARGV[1])
end
`

/** ARGV: conversation, its scope, stamp, labels with blanks between them. */
export const labelScript = `
local base = KEYS[1]
local at = redis.call('ZSCORE', base .. 'all', ARGV[1])
local stamp = redis.call('ZSCORE', base .. 'unlabelled', ARGV[1])
if not at or not stamp then return end
${unlabel}
for label in string.gmatch(ARGV[4], '%S+') do
  redis.call('ZADD', base .. 'label:' .. label, at, ARGV[1])
  redis.call('ZADD', base .. 'label:' .. label .. ':scope:' .. ARGV[2], at, ARGV[1])
end
redis.call('HSET', base .. 'labels', ARGV[1], ARGV[4])
if stamp == ARGV[3] then redis.call('ZREM', base .. 'unlabelled', ARGV[1]) end
`

/**
 * ARGV: how many, and how long an append may be under way, in µs. Returns the conversations that have been unlabelled
 * longest, each with its stamp. An append whose process was lost may have come to something; and where nobody has ever
 * labelled anything, everything is unlabelled.
 */
export const unlabelledScript = `${clock}
if redis.call('SETNX', base .. 'labelled', now) == 1 then
  redis.call('ZUNIONSTORE', base .. 'unlabelled', 1, base .. 'all')
end
local lost = redis.call('ZRANGEBYSCORE', base .. 'running', '-inf', now - ARGV[2], 'LIMIT', 0, 100)
for _, append in ipairs(lost) do
  local conversation = string.match(append, '^%S+')
  redis.call('ZREM', base .. 'running', append)
  if redis.call('ZSCORE', base .. 'all', conversation) then
    redis.call('ZADD', base .. 'unlabelled', redis.call('INCR', base .. 'stamps'), conversation)
  end
end
return redis.call('ZRANGE', base .. 'unlabelled', 0, ARGV[1] - 1, 'WITHSCORES')
`

/**
 * A removal begins. ARGV: conversation, removal. It counts as an append under way: should its process be lost, somebody looks
 * at the conversation. Returns where the conversation stands, its stamp, and whether marks are open.
 */
export const removingScript = `${clock}
redis.call('ZADD', base .. 'running', now, ARGV[1] .. ' !' .. ARGV[2])
return {
  redis.call('ZSCORE', base .. 'all', ARGV[1]) or '',
  redis.call('ZSCORE', base .. 'unlabelled', ARGV[1]) or '',
  redis.call('EXISTS', base .. 'open:' .. ARGV[1])
}
`

/** ARGV: conversation, append, or `!` and a removal. It has ended, and nothing was stored or removed. */
export const cancelScript = `
redis.call('ZREM', KEYS[1] .. 'running', ARGV[1] .. ' ' .. ARGV[2])
`

/**
 * What a conversation held was removed. ARGV: conversation, its scope, removal, and where it stood and its stamp, as its
 * beginning returned them. Takes it out of the inbox; but where it may have begun anew since, somebody has to look at it.
 */
export const removedScript = `
local base = KEYS[1]
redis.call('ZREM', base .. 'running', ARGV[1] .. ' !' .. ARGV[3])
local at = redis.call('ZSCORE', base .. 'all', ARGV[1])
if not at then return end
for _, append in ipairs(redis.call('ZRANGE', base .. 'running', 0, -1)) do
  if string.match(append, '^(%S+) [^!]') == ARGV[1] then return end
end
local stamp = redis.call('ZSCORE', base .. 'unlabelled', ARGV[1])
if at ~= ARGV[4] or (stamp or '') ~= ARGV[5] then
  if not stamp then redis.call('ZADD', base .. 'unlabelled', redis.call('INCR', base .. 'stamps'), ARGV[1]) end
  return
end
${unlabel}
redis.call('HDEL', base .. 'labels', ARGV[1])
redis.call('ZREM', base .. 'all', ARGV[1])
redis.call('ZREM', base .. 'scope:' .. ARGV[2], ARGV[1])
redis.call('ZREM', base .. 'unlabelled', ARGV[1])
redis.call('SREM', base .. 'open', ARGV[1])
redis.call('DEL', base .. 'open:' .. ARGV[1])
`
