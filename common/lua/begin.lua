-- KEYS: positions, synced streams. ARGV: stream, mark. What was synced without ever being listed was
-- known not to exist. Answers the whole mark, which keeps the position from before.
local before = redis.call('HGET', KEYS[1], ARGV[1])
if not before then redis.call('SREM', KEYS[2], ARGV[1]) end
local mark = ARGV[2] .. ' ' .. (string.match(before or '', '^(%d+)$')
  or string.match(before or '', '^list %x+ (%d+)$') or '')
redis.call('HSET', KEYS[1], ARGV[1], mark)
return mark
