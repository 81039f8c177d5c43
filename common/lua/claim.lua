-- Note which host names an Ingress claims, and who of other virtual clusters claims them too.
-- KEYS[1]: the start of all keys. ARGV: virtual cluster, its Ingress (`ns/name`), since when (Unix
-- seconds), how many others to tell at most, then the host names; none when it is gone.
--   <start>:of                   HASH  "<cluster> <Ingress>" -> its host names, joined by spaces
--   <start>:at:<host>            SET   of the virtual clusters that claim a host name
--   <start>:at:<host>:<cluster>  ZSET  their Ingresses by the time
--   <start>:below:<domain>            SET  of the virtual clusters with host names right below it
--   <start>:below:<domain>:<cluster>  SET  of these names
-- Answers: 1 when the names are others than before, then four for each claim of another virtual
-- cluster: our host name, cluster, Ingress, since when.
local start, cluster, ingress, since = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local most, owner = tonumber(ARGV[4]), ARGV[1] .. ' ' .. ARGV[2]
local wanted, found = {}, {}

local function domain_of(host)
  return string.match(host, '^[^.]+%.(.+)$')
end

local function drop(set, member)
  redis.call('SREM', set .. ':' .. cluster, member)
  if redis.call('EXISTS', set .. ':' .. cluster) == 0 then redis.call('SREM', set, cluster) end
end

local function release(host)
  local at, domain = start .. ':at:' .. host, domain_of(host)
  redis.call('ZREM', at .. ':' .. cluster, ingress)
  if redis.call('EXISTS', at .. ':' .. cluster) == 1 then return end
  redis.call('SREM', at, cluster)
  if domain then drop(start .. ':below:' .. domain, host) end
end

local function claim(host)
  local at, domain = start .. ':at:' .. host, domain_of(host)
  redis.call('SADD', at, cluster)
  redis.call('ZADD', at .. ':' .. cluster, since, ingress)
  if domain then
    redis.call('SADD', start .. ':below:' .. domain, cluster)
    redis.call('SADD', start .. ':below:' .. domain .. ':' .. cluster, host)
  end
end

-- Of each other virtual cluster the oldest claim, and some that are younger than this one.
local function others(host, at)
  for _, other in ipairs(redis.call('SMEMBERS', at)) do
    if other ~= cluster and #found < 4 * most then
      local key = at .. ':' .. other
      local claims = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
      for _, each in ipairs(redis.call('ZRANGE', key, 1, most, 'WITHSCORES')) do
        claims[#claims + 1] = each
      end
      for i = 1, #claims, 2 do
        for _, each in ipairs({host, other, claims[i], claims[i + 1]}) do
          found[#found + 1] = each
        end
      end
    end
  end
end

local function below(host, domain)
  for _, other in ipairs(redis.call('SMEMBERS', start .. ':below:' .. domain)) do
    if other ~= cluster then
      local names = redis.call('SRANDMEMBER', start .. ':below:' .. domain .. ':' .. other, most)
      for _, name in ipairs(names) do
        if name ~= host then others(host, start .. ':at:' .. name) end
      end
    end
  end
end

local function look(host)
  local domain = domain_of(host)
  others(host, start .. ':at:' .. host)
  if not domain then return end
  if string.sub(host, 1, 2) == '*.' then
    below(host, domain)
  else
    others(host, start .. ':at:*.' .. domain)
  end
end

local before = redis.call('HGET', start .. ':of', owner) or ''
local now = table.concat(ARGV, ' ', 5)
for i = 5, #ARGV do wanted[ARGV[i]] = true end
for host in string.gmatch(before, '%S+') do
  if not wanted[host] then release(host) end
end
for i = 5, #ARGV do claim(ARGV[i]) end
if now == '' then
  redis.call('HDEL', start .. ':of', owner)
else
  redis.call('HSET', start .. ':of', owner, now)
end
for i = 5, #ARGV do look(ARGV[i]) end
table.insert(found, 1, before ~= now and 1 or 0)
return found
