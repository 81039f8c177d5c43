-- Extend leases. ARGV[2]: their length in seconds, then two for each: member, lease.
-- Answers for each: 1, or 0 when another worker or the sweeper took the key away.
local deadline, held = clock() + tonumber(ARGV[2]), {}
for i = 3, #ARGV, 2 do
  local mine = redis.call('HGET', STATE, ARGV[i]) == 's:' .. ARGV[i + 1]
  if mine then redis.call('ZADD', RUNNING, deadline, ARGV[i]) end
  held[#held + 1] = mine and 1 or 0
end
return held
