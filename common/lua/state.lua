-- Loaded behind mark.lua, in front of each script that moves keys from state to state.
-- KEYS[1]: `tohost:{V}`. ARGV[1]: the time in Unix seconds, "" for this server's own clock, by
-- which workers with different clocks agree on leases.

local prefix = KEYS[1]
local DIRTY, STATE, ATTEMPTS = prefix .. ':dirty', prefix .. ':state', prefix .. ':attempts'
local RUNNING, DELAYED = prefix .. ':running', prefix .. ':delayed'

local function clock()
  if ARGV[1] ~= '' then return tonumber(ARGV[1]) end
  local time = redis.call('TIME')
  return time[1] + time[2] / 1000000
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
