-- End runs. ARGV[2..], six for each: member, lease, number of the mark at the start, outcome,
-- tries to remember ("" for none), seconds to wait.
-- Outcomes: done, again (later, no failure), retry (later, hastened by a change), wait (later, the
-- server said when), failed (as retry, and shown so), back (handed back: run it elsewhere).
-- Answers for each: lost (the lease was: nothing happened), idle, queued, delayed or failed.
local now, ends = clock(), {}

local function become(member, state)
  redis.call('HSET', STATE, member, state)
  return state
end

local function delay(member, state, wait_s)
  redis.call('ZADD', DELAYED, now + wait_s, member)
  become(member, state)
  return state == 'f' and 'failed' or 'delayed'
end

local function queue(member)
  become(member, 'q')
  return 'queued'
end

local function finish(member, seq, outcome, wait_s)
  local changed = redis.call('HGET', DIRTY, member) ~= seq
  if outcome == 'wait' and wait_s > 0 then return delay(member, 'w', wait_s) end
  if changed or outcome == 'back' then return queue(member) end
  if outcome == 'done' then
    redis.call('HDEL', DIRTY, member)
    redis.call('HDEL', STATE, member)
    return 'idle'
  end
  if outcome == 'failed' then return delay(member, 'f', wait_s) end
  if wait_s > 0 then return delay(member, 'd', wait_s) end
  return queue(member)
end

for i = 2, #ARGV, 6 do
  local member, answer = ARGV[i], 'lost'
  if redis.call('HGET', STATE, member) == 's:' .. ARGV[i + 1] then
    redis.call('ZREM', RUNNING, member)
    if ARGV[i + 4] == '' then
      redis.call('HDEL', ATTEMPTS, member)
    else
      redis.call('HSET', ATTEMPTS, member, ARGV[i + 4])
    end
    answer = finish(member, ARGV[i + 2], ARGV[i + 3], tonumber(ARGV[i + 5]))
  end
  ends[#ends + 1] = answer
end
return ends
