-- Forget every key of one kind but those that run. ARGV[2]: the plural.
local start = ARGV[2] .. ' '

local function drop(member)
  if string.sub(member, 1, #start) ~= start then return end
  if is_started(redis.call('HGET', STATE, member)) then return end
  for _, key in ipairs({DIRTY, STATE, ATTEMPTS}) do redis.call('HDEL', key, member) end
  redis.call('ZREM', DELAYED, member)
end

for _, key in ipairs({DIRTY, STATE, ATTEMPTS}) do
  for _, member in ipairs(redis.call('HKEYS', key)) do drop(member) end
end
return 1
