-- Store a batch of changes of one stream, and mark what they wake, in one atomic step.
-- Loaded behind mark.lua, which defines mark(prefix, member).
-- KEYS[1]: tohost:{V}. ARGV: side, plural, wake_own ("1" or ""), now (Unix seconds), again ("1":
-- what has the stored version is stored anew, "": it's ignored), then five for each change: field,
-- resourceVersion, JSON ("" when deleted), refs, uid of the virtual object.
-- refs: lines of `t plural ns/name` (wakes the target) and `r plural ns/name` (wakes us).
-- Answers the members for which a job must be pushed.

local prefix, side, plural = KEYS[1], ARGV[1], ARGV[2]
local wake_own, now, again = ARGV[3] == "1", ARGV[4], ARGV[5] == "1"
local suffix = side .. ":" .. plural
local objects = prefix .. ":obj:" .. suffix
local versions = prefix .. ":rv:" .. suffix
local forward = prefix .. ":fwd:" .. suffix
local tombstones = prefix .. ":tomb:" .. suffix
local woken, push = {}, {}

local function wake(member)
  if woken[member] then return end
  woken[member] = true
  if mark(prefix, member) == 1 then push[#push + 1] = member end
end

-- Resource versions are decimal integers that may not fit a Lua number.
local function newer(left, right)
  if #left ~= #right then return #left > #right end
  return left > right
end

local function lines(text)
  local set = {}
  for line in string.gmatch(text, "[^\n]+") do set[line] = true end
  return set
end

local function update_refs(field, refs)
  local before = redis.call("HGET", forward, field) or ""
  if before == refs then return end
  local old, new, me = lines(before), lines(refs), plural .. " " .. field
  for ref in pairs(old) do
    if not new[ref] then
      redis.call("SREM", prefix .. ":refs:" .. ref, me)
      if string.sub(ref, 1, 1) == "t" then wake(string.sub(ref, 3)) end
    end
  end
  for ref in pairs(new) do
    if not old[ref] then
      redis.call("SADD", prefix .. ":refs:" .. ref, me)
      if string.sub(ref, 1, 1) == "t" then wake(string.sub(ref, 3)) end
    end
  end
  if refs == "" then
    redis.call("HDEL", forward, field)
  else
    redis.call("HSET", forward, field, refs)
  end
end

-- Services are read by namespace, for pods' environments: keep their names and a version, which
-- never comes again, even if Redis lost everything or went back to an earlier state.
local function index_service(field, version, deleted)
  local namespace, name = string.match(field, "^(.-)/(.*)$")
  local change = side .. " " .. name .. " " .. version .. " " .. now
  redis.call("SET", prefix .. ":svcver:" .. namespace, change)
  if side == "virtual" then
    redis.call(deleted and "SREM" or "SADD", prefix .. ":svc:" .. namespace, name)
  end
end

local function apply(field, version, json, refs, uid)
  local stored = redis.call("HGET", versions, field)
  local dead, current, current_uid = "", "", ""
  if stored then dead, current, current_uid = string.match(stored, "^(T?)(%d*):(.*)$") end
  -- A server answers a DELETE with the version that the DELETED event has too: the end wins.
  local wins = version == current and (json == "" or (again and dead == ""))
  if current ~= "" and not newer(version, current) and not wins then return end
  if json == "" then
    if not stored or dead == "T" then return end
    redis.call("HDEL", objects, field)
    redis.call("HSET", versions, field, "T" .. version .. ":" .. (uid ~= "" and uid or current_uid))
    redis.call("ZADD", tombstones, now, field)
  else
    redis.call("HSET", objects, field, json)
    redis.call("HSET", versions, field, version .. ":" .. uid)
    if dead == "T" then redis.call("ZREM", tombstones, field) end
  end
  update_refs(field, refs)
  if plural == "services" then index_service(field, version, json == "") end
  if side == "virtual" then
    local referrers = redis.call("SMEMBERS", prefix .. ":refs:r " .. plural .. " " .. field)
    for _, member in ipairs(referrers) do wake(member) end
  end
  -- That the host's record of an event ends is no news to anyone.
  local ends = plural == "events" and json == ""
  if wake_own and not ends then wake(plural .. " " .. field) end
end

for i = 6, #ARGV, 5 do
  apply(ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4])
end
return push
