-- Loaded behind mark.lua, in front of each script that moves keys from state to state.
-- KEYS[1]: `tohost:{V}`. ARGV[1]: the time in Unix seconds, "" for this server's own clock, by
-- which workers with different clocks agree on leases. That may be set anew, too: when it's set back,
-- we go on from where we were, and when it leaps (or nobody was at work for as long), leases last for
-- another heartbeat, so that nobody gets a key that somebody runs.

local prefix = KEYS[1]
local DIRTY, STATE, ATTEMPTS = prefix .. ':dirty', prefix .. ':state', prefix .. ':attempts'
local RUNNING, DELAYED = prefix .. ':running', prefix .. ':delayed'

local LEAP_S, HEARTBEAT_S = 2.5, 4

local function prolong(now)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', RUNNING, '-inf', now + HEARTBEAT_S)) do
    redis.call('ZADD', RUNNING, now + HEARTBEAT_S, member)
  end
end

local function clock()
  if ARGV[1] ~= '' then return tonumber(ARGV[1]) end
  local time, key = redis.call('TIME'), prefix .. ':clock'
  local date = time[1] + time[2] / 1000000
  local known = redis.call('HMGET', key, 'date', 'behind')
  local before, behind = tonumber(known[1] or '') or date, tonumber(known[2] or '') or 0
  if date < before then behind = behind + before - date end
  local precise = '%.6f'
  redis.call('HSET', key, 'date', precise:format(date), 'behind', precise:format(behind))
  if date - before > LEAP_S then prolong(date + behind) end
  return date + behind
end

local function is_started(state)
  return state and string.sub(state, 1, 2) == 's:'
end

-- The number of the member's mark; marks it first when nobody did.
local function seq_of(member)
  local seq = redis.call('HGET', DIRTY, member)
  if not seq then
    seq = tostring(redis.call('INCR', prefix .. ':seq'))
    redis.call('HSET', DIRTY, member, seq)
  end
  return seq
end
