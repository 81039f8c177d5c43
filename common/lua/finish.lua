-- End runs. ARGV[2..], eight for each: member, lease, number of the mark at the start, outcome,
-- tries to remember ("" for none), seconds to wait, the versions of the virtual and of the host
-- object that the run knows ("" for none, "-" when it didn't look at the store).
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

local function stored_version(side, plural, field)
  local version = redis.call('HGET', prefix .. ':rv:' .. side .. ':' .. plural, field)
  return version and string.match(version, '^[TL]?%d*') or ''
end

local function has_ended(version)
  return not string.find(version, '^%d')
end

-- Whether the store has a version of either object that the run doesn't know: `mark` left that to
-- us. That both have ended is no news (see is_over in store.lua).
local function has_news(member, virtual, host)
  if virtual == '-' then return false end
  local plural, field = string.match(member, '^(%S+) (.*)$')
  local now_virtual = stored_version('virtual', plural, field)
  local now_host = stored_version('host', plural, field)
  local namespaced = string.find(field, '^[^/]+/')
  if namespaced and has_ended(now_virtual) and has_ended(now_host) then return false end
  if now_virtual ~= '' and now_virtual ~= virtual then return true end
  return now_host ~= '' and now_host ~= host
end

local function finish(member, seq, outcome, wait_s, virtual, host)
  local changed = redis.call('HGET', DIRTY, member) ~= seq or has_news(member, virtual, host)
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

for i = 2, #ARGV, 8 do
  local member, answer = ARGV[i], 'lost'
  if redis.call('HGET', STATE, member) == 's:' .. ARGV[i + 1] then
    redis.call('ZREM', RUNNING, member)
    if ARGV[i + 4] == '' then
      redis.call('HDEL', ATTEMPTS, member)
    else
      redis.call('HSET', ATTEMPTS, member, ARGV[i + 4])
    end
    local wait_s = tonumber(ARGV[i + 5])
    answer = finish(member, ARGV[i + 2], ARGV[i + 3], wait_s, ARGV[i + 6], ARGV[i + 7])
  end
  ends[#ends + 1] = answer
end
return ends
