-- KEYS: versions, objects. ARGV: field and version of each.
for i = 1, #ARGV, 2 do
  local version = redis.call('HGET', KEYS[1], ARGV[i])
  if version and string.match(version, '^%d*') == ARGV[i + 1] then
    redis.call('HDEL', KEYS[2], ARGV[i])
  end
end
