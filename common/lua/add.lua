-- Mark members dirty. ARGV[2..]: members. Answers those for which a job must be pushed.
local push = {}
for i = 2, #ARGV do
  if mark(prefix, ARGV[i]) == 1 then push[#push + 1] = ARGV[i] end
end
return push
