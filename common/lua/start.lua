-- Lease the keys whose tokens a worker popped.
-- ARGV[2]: length of a lease in seconds, then three for each: member, lease, and "1" when its job
-- says that it is queued. Without that (a job deleted by hand, a second token) only a key that
-- ought to be queued is started.
-- Answers two for each: the number of the mark, "" when not started; its tries so far.
local deadline, started = clock() + tonumber(ARGV[2]), {}

local function lease(member, name)
  redis.call('ZREM', DELAYED, member)
  redis.call('HSET', STATE, member, 's:' .. name)
  redis.call('ZADD', RUNNING, deadline, member)
  return seq_of(member)
end

for i = 3, #ARGV, 3 do
  local member, name, queued = ARGV[i], ARGV[i + 1], ARGV[i + 2] == '1'
  local state, seq = redis.call('HGET', STATE, member), ''
  if is_started(state) then
    -- It runs, or the sweeper is about to see that its worker died: whoever queued it gets one
    -- more run once that is over.
    if queued then mark(prefix, member) end
  elseif queued or state == 'q' then
    seq = lease(member, name)
  end
  started[#started + 1] = seq
  started[#started + 1] = redis.call('HGET', ATTEMPTS, member) or ''
end
return started
