-- Look at every key for what a lost write or a hand in Redis may have left, and mend it.
-- Answers: members and mark numbers, in turn, of all that ought to be queued; members that run.
local now, queued, started = clock(), {}, {}

local function mend(member, state)
  if state == 'q' then
    queued[#queued + 1] = member
    queued[#queued + 1] = seq_of(member)
  elseif is_started(state) then
    started[#started + 1] = member
    if not redis.call('ZSCORE', RUNNING, member) then redis.call('ZADD', RUNNING, now, member) end
  elseif not redis.call('ZSCORE', DELAYED, member) then
    redis.call('ZADD', DELAYED, now, member)
  end
end

for _, member in ipairs(redis.call('HKEYS', DIRTY)) do
  redis.call('HSETNX', STATE, member, 'q')
end
local states = redis.call('HGETALL', STATE)
for i = 1, #states, 2 do mend(states[i], states[i + 1]) end
return {queued, started}
