-- What the brake on deletions remembers of one side of a virtual cluster; see common/brake.py.
-- KEYS: asked (ZSET, member by first question), let (ZSET, member by when its deletion was let go),
-- engaged (HASH since, held, of), released (since when). ARGV[1]: what to do, then:
--   ask member settle window answers -1 when released, else how many seconds are left to wait
--   let member window        notes that a deletion goes ahead
--   recent window            answers the members that were let go in the window
--   engage held of ttl       answers since, and 1 when it was open
--   open                     answers 1 when it was engaged
--   release                  lets everything go for RELEASED_S seconds
--   released                 answers 1 during these
-- All by this server's clock; a time in the future is what a clock that went back has left.

local asked, let, engaged, released = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local KEPT_S, RELEASED_S = 3600, 600

local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000

local function is_released()
  local past = now - (tonumber(redis.call('GET', released) or '') or 0)
  return past >= 0 and past < RELEASED_S
end

local function question(member, window)
  local first = tonumber(redis.call('ZSCORE', asked, member) or '')
  if not first or first > now or now - first > window then
    redis.call('ZADD', asked, now, member)
    first = now
  end
  redis.call('EXPIRE', asked, KEPT_S)
  return first
end

local function forget_old(window)
  redis.call('ZREMRANGEBYSCORE', let, '-inf', now - window)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', let, '(' .. now, '+inf')) do
    redis.call('ZADD', let, now, member)
  end
end

local actions = {}

function actions.ask(member, settle, window)
  if is_released() then
    redis.call('ZREM', asked, member)
    return '-1'
  end
  return tostring(math.max(0, tonumber(settle) - (now - question(member, tonumber(window)))))
end

function actions.let(member, window)
  forget_old(tonumber(window))
  redis.call('ZADD', let, now, member)
  redis.call('EXPIRE', let, KEPT_S)
  redis.call('ZREM', asked, member)
  return 1
end

function actions.recent(window)
  forget_old(tonumber(window))
  return redis.call('ZRANGE', let, 0, -1)
end

function actions.engage(held, of, ttl)
  local new = redis.call('HSETNX', engaged, 'since', string.format('%.0f', now))
  redis.call('HSET', engaged, 'held', held, 'of', of)
  redis.call('EXPIRE', engaged, ttl)
  return {redis.call('HGET', engaged, 'since'), new}
end

function actions.open()
  return redis.call('DEL', engaged)
end

function actions.release()
  return redis.call('SET', released, string.format('%.6f', now), 'EX', RELEASED_S)
end

function actions.released()
  return is_released() and 1 or 0
end

return actions[ARGV[1]](ARGV[2], ARGV[3], ARGV[4])
