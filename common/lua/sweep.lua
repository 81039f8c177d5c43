-- Queue again what is due and what a dead worker left. ARGV[2]: at most so many of each.
-- Answers two lists of members to push: those whose lease expired, those whose delay is over.
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
return {expired, due}
