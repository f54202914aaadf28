--- Names close to one that was not found: "did you mean". No candidate is better than a wrong one.
local M = {}

-- Edit distance with neighbours swapped counting once; gives up above `limit`.
local function distance(a, b, limit)
  if math.abs(#a - #b) > limit then return limit + 1 end
  local before, last = {}, {}
  for j = 0, #b do last[j] = j end
  for i = 1, #a do
    local row = { [0] = i }
    for j = 1, #b do
      local same = a:byte(i) == b:byte(j)
      local d = math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (same and 0 or 1))
      if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        d = math.min(d, before[j - 2] + 1)
      end
      row[j] = d
    end
    before, last = last, row
  end
  return last[#b]
end

--- Up to `max` of `names` (a list) near `name`, nearest first; they share letters with it.
function M.near(name, names, max)
  local limit, found = math.max(1, #name // 3), {}
  for _, n in ipairs(names) do
    if type(n) == "string" then
      local d = distance(name:lower(), n:lower(), limit)
      if d <= limit and d < #n then found[#found + 1] = { d, n } end
    end
  end
  table.sort(found, function(x, y) return x[1] < y[1] or (x[1] == y[1] and x[2] < y[2]) end)
  local list = {}
  for i = 1, math.min(max or 3, #found) do list[i] = found[i][2] end
  return list
end

function M.best(name, names) return M.near(name, names, 1)[1] end

--- " (did you mean 'x'?)" or "".
function M.suffix(name, names)
  local best = M.best(name, names)
  return best and (" (did you mean '%s'?)"):format(best) or ""
end

return M
