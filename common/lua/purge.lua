-- KEYS: versions, tombstones, versions of the other side. ARGV: older than how many seconds, how
-- many at most, so that no call blocks Redis for long, now ("": by its own clock). What lives again
-- by now stays, and so does the end of an object whose counterpart is there: that must go for it.
local time = redis.call('TIME')
local now = tonumber(ARGV[3]) or time[1] + time[2] / 1000000
local fields = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now - ARGV[1], 'LIMIT', 0, ARGV[2])
for _, field in ipairs(fields) do
  local version = redis.call('HGET', KEYS[1], field)
  local dead = version and string.find(version, '^[TL]')
  local other = dead and redis.call('HGET', KEYS[3], field)
  if other and string.find(other, '^%d') then
    redis.call('ZADD', KEYS[2], now, field)
  else
    if dead then redis.call('HDEL', KEYS[1], field) end
    redis.call('ZREM', KEYS[2], field)
  end
end
return #fields
