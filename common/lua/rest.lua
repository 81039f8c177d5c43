-- Which keys rest: nobody works on them, and nobody will soon by itself. What waits without having
-- failed, until long after now (for the end of a token, say), rests too.
-- ARGV[2]: "1" to mark them dirty, "" only to look. ARGV[3]: what is due later than in so many
-- seconds counts as long after now. ARGV[4]: a member that was marked here, or that is in the ZSET
-- `truce` with a later time, isn't marked here for so many seconds. ARGV[5..]: members.
-- Answers those that rest; when marking, those for which a job must be pushed.
local marks, far_s, truce_s = ARGV[2] == '1', tonumber(ARGV[3]), tonumber(ARGV[4])
local TRUCE, now, found = prefix .. ':truce', clock(), {}

local function rests(member)
  local state = redis.call('HGET', STATE, member)
  if not state then return true end
  if state ~= 'd' or redis.call('HEXISTS', ATTEMPTS, member) == 1 then return false end
  local due = redis.call('ZSCORE', DELAYED, member)
  return due and tonumber(due) > now + far_s
end

local function may_mark(member)
  if redis.call('ZSCORE', TRUCE, member) then return false end
  redis.call('ZADD', TRUCE, now + truce_s, member)
  return mark(prefix, member) == 1
end

if marks then redis.call('ZREMRANGEBYSCORE', TRUCE, '-inf', now) end
for i = 5, #ARGV do
  local member = ARGV[i]
  if rests(member) and (not marks or may_mark(member)) then found[#found + 1] = member end
end
return found
