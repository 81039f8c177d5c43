-- Loaded in front of every script that may mark a key dirty. `prefix` is `tohost:{V}`.
--
-- The dirty mark is the truth, the state says where its token is, per member
-- (`pods default/web-0`):
--   (absent)      idle
--   q             queued: one RQ job stands for it, or is about to be pushed
--   s:<lease>     started: a worker runs it; its deadline is in the ZSET `running`
--   d             delayed: due at its score in the ZSET `delayed`, or at once when marked again
--   w             waiting: as delayed, but the API server set the time, so marking doesn't hasten it
--   f             failing: as delayed, and shown as failed meanwhile
--
-- Returns 1 when the caller must push an RQ job for the member, 0 when a job will run it anyway.
local function mark(prefix, member)
  local states = prefix .. ':state'
  redis.call('HSET', prefix .. ':dirty', member, redis.call('INCR', prefix .. ':seq'))
  local state = redis.call('HGET', states, member)
  if state and (state == 'q' or state == 'w' or string.sub(state, 1, 2) == 's:') then
    return 0
  end
  if state == 'd' or state == 'f' then
    redis.call('ZREM', prefix .. ':delayed', member)
  end
  redis.call('HSET', states, member, 'q')
  return 1
end
