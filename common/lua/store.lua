-- Store a batch of changes of one stream, and mark what they wake, in one atomic step.
-- Loaded behind mark.lua, which defines mark(prefix, member).
-- KEYS[1]: tohost:{V}. ARGV: side, plural, wake_own ("1" or ""), now (Unix seconds, "" for this
-- server's own clock), mode, position, next position, kinds whose plans look at each of their
-- referrers, then six for each change: field, resourceVersion, JSON ("" when deleted), refs, uid of
-- the virtual object, note.
-- mode: "again": what has the stored version is stored anew, else it's ignored; "rebuild": whatever
-- the versions, this is how it is; "late": answers, that may have come after the end of their object.
-- refs: lines of `t plural ns/name` (wakes the target: when it's the first or was the last, or for
-- kinds that look at each) and `r plural ns/name` (wakes us).
-- position: `=` and what the stream's must be, else nothing happens and the answer is nil; "" any.
-- next position: what the stream's is then, "" for the same.
-- note: of a deletion the tombstone's letter, "T" when a watch showed it, "L" when a list lacked the
-- object; else a version at which the server still had the object, "" when only its own is known.
-- Answers the members for which a job must be pushed.

local prefix, side, plural = KEYS[1], ARGV[1], ARGV[2]
local wake_own, now, mode = ARGV[3] == "1", ARGV[4], ARGV[5]
if now == "" then
  local time = redis.call("TIME")
  now = string.format("%d.%06d", time[1], time[2])
end
local suffix = side .. ":" .. plural
if ARGV[6] ~= "" and ARGV[6] ~= "=" .. (redis.call("HGET", prefix .. ":pos", suffix) or "") then
  return false
end
local objects = prefix .. ":obj:" .. suffix
local versions = prefix .. ":rv:" .. suffix
local forward = prefix .. ":fwd:" .. suffix
local tombstones = prefix .. ":tomb:" .. suffix
local woken, push = {}, {}
-- Up to which version all of the stream is stored, nil for nothing: see begin_list in store.py.
local complete
if mode == "late" then
  local position = redis.call("HGET", prefix .. ":pos", suffix) or ""
  complete = string.match(position, "^list %x+ (%d+)$") or string.match(position, "^(%d+)$")
end

local function wake(member, stored)
  if woken[member] then return end
  woken[member] = not stored
  if mark(prefix, member, stored) == 1 then push[#push + 1] = member end
end

-- Whether both objects have ended, and nothing failed with them: there's nothing to do. A host object
-- that isn't known may still be there. For what is cluster-scoped, an object of the host's own may have
-- to be shown.
local function is_over(field)
  if not string.find(field, "^[^/]+/") then return false end
  local other = side == "host" and "virtual" or "host"
  local counterpart = redis.call("HGET", prefix .. ":rv:" .. other .. ":" .. plural, field)
  if not counterpart and other == "host" then return false end
  if counterpart and string.find(counterpart, "^%d") then return false end
  return redis.call("HEXISTS", prefix .. ":state", plural .. " " .. field) == 0
end

local function wake_own_key(field, deleted)
  if deleted and mode == "" and is_over(field) then return end
  -- What is stored once more in the same version, a run under way can't tell from what it knew.
  wake(plural .. " " .. field, mode == "")
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

local each_counts = {}
for kind in string.gmatch(ARGV[8], "%S+") do each_counts[kind] = true end

-- Tell the target of a reference that came or went. `alone`: how many referrers there are when it
-- is the first, or was the last.
local function wake_target(ref, alone)
  if string.sub(ref, 1, 1) ~= "t" then return end
  local target = string.sub(ref, 3)
  if each_counts[string.match(target, "^%S+")]
    or redis.call("SCARD", prefix .. ":refs:" .. ref) == alone then
    wake(target)
  end
end

local function update_refs(field, refs)
  local before = redis.call("HGET", forward, field) or ""
  if before == refs then return end
  local old, new, me = lines(before), lines(refs), plural .. " " .. field
  for ref in pairs(old) do
    if not new[ref] then
      redis.call("SREM", prefix .. ":refs:" .. ref, me)
      wake_target(ref, 0)
    end
  end
  for ref in pairs(new) do
    if not old[ref] then
      redis.call("SADD", prefix .. ":refs:" .. ref, me)
      wake_target(ref, 1)
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

-- Whether the server is known to have had an object later than at `past`.
local function outlived(past, version, had)
  return newer(version, past) or (had ~= "" and not newer(past, had))
end

-- Whether what is stored is newer; `dead`, `current`: the tombstone's letter and the version of that.
local function stale(dead, current, version, json, note)
  if mode == "rebuild" then return false end
  if current == "" then
    return complete and json ~= "" and not outlived(complete, version, note)
  end
  if newer(version, current) then return false end
  if json == "" then
    -- A server answers a DELETE with the version that the DELETED event has too: the end wins.
    return version ~= current
  end
  if dead == "L" then return not outlived(current, version, note) end
  return version ~= current or dead ~= "" or mode ~= "again"
end

-- A rebuilt store takes everything but what it has to the letter.
local function same(field, version, json, dead, current)
  return mode == "rebuild" and dead == "" and version == current
    and redis.call("HGET", objects, field) == json
end

local function apply(field, version, json, refs, uid, note)
  local stored = redis.call("HGET", versions, field)
  local dead, current, current_uid = "", "", ""
  if stored then dead, current, current_uid = string.match(stored, "^([TL]?)(%d*):(.*)$") end
  if stale(dead, current, version, json, note) then return end
  if same(field, version, json, dead, current) then return end
  if json == "" then
    -- A watch may still show what a list only lacked.
    if not stored or dead == "T" or dead == note then return end
    uid = uid ~= "" and uid or current_uid
    redis.call("HDEL", objects, field)
    redis.call("HSET", versions, field, note .. version .. ":" .. uid)
    redis.call("ZADD", tombstones, now, field)
  else
    redis.call("HSET", objects, field, json)
    redis.call("HSET", versions, field, version .. ":" .. uid)
    if dead ~= "" then redis.call("ZREM", tombstones, field) end
  end
  update_refs(field, refs)
  if plural == "services" then index_service(field, version, json == "") end
  if side == "virtual" then
    local referrers = redis.call("SMEMBERS", prefix .. ":refs:r " .. plural .. " " .. field)
    for _, member in ipairs(referrers) do wake(member) end
  end
  if wake_own then wake_own_key(field, json == "") end
end

for i = 9, #ARGV, 6 do
  apply(ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], ARGV[i + 5])
end
if ARGV[7] ~= "" then redis.call("HSET", prefix .. ":pos", suffix, ARGV[7]) end
return push
