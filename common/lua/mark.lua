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
-- `stored`: the reason is a new version of its own object in the store. A run that goes on compares
-- these by itself when it ends (see finish.lua), so that what it wrote is no news to it.
-- Returns 1 when the caller must push an RQ job for the member, 0 when a job will run it anyway.
local function mark(prefix, member, stored)
  local states = prefix .. ':state'
  local state = redis.call('HGET', states, member)
  local started = state and string.sub(state, 1, 2) == 's:'
  if started and stored then return 0 end
  redis.call('HSET', prefix .. ':dirty', member, redis.call('INCR', prefix .. ':seq'))
  if started or state == 'q' or state == 'w' then return 0 end
  if state == 'd' or state == 'f' then
    redis.call('ZREM', prefix .. ':delayed', member)
  end
  redis.call('HSET', states, member, 'q')
  return 1
end
