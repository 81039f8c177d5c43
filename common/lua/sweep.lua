-- Queue again what is due and what a dead worker left. ARGV[2]: at most so many of each.
-- Answers two lists of members to push: those whose lease expired, those whose delay is over; then
-- in how many seconds the next delay is over, "" when none is; how many keys run; and 1 when some
-- key is neither put off nor runs, so that it ought to be in a queue.
local now, expired, due = clock(), {}, {}

local function overdue(zset)
  return redis.call('ZRANGEBYSCORE', zset, '-inf', now, 'LIMIT', 0, tonumber(ARGV[2]))
end

local function queue(member, list)
  redis.call('HSET', STATE, member, 'q')
  seq_of(member)
  list[#list + 1] = member
end

for _, member in ipairs(overdue(RUNNING)) do
  redis.call('ZREM', RUNNING, member)
  if is_started(redis.call('HGET', STATE, member)) then queue(member, expired) end
end
for _, member in ipairs(overdue(DELAYED)) do
  redis.call('ZREM', DELAYED, member)
  local state = redis.call('HGET', STATE, member)
  if state == 'd' or state == 'w' or state == 'f' then queue(member, due) end
end

local first = redis.call('ZRANGE', DELAYED, 0, 0, 'WITHSCORES')[2]
local next_s = first and string.format('%.3f', first - now) or ''
local running, states = redis.call('ZCARD', RUNNING), redis.call('HLEN', STATE)
local others = states - running - redis.call('ZCARD', DELAYED)
local queued = (others ~= 0 or redis.call('HLEN', DIRTY) ~= states) and 1 or 0
return {expired, due, next_s, running, queued}
