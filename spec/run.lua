-- Runs every spec with busted and closes with the line `N passed, N failed`. Arguments go to busted.
local command = "busted --config-file=.busted -o TAP " .. table.concat(arg, " ") .. " 2>&1"
local passed, failed = 0, 0
for line in io.popen(command):lines() do
  if line:find "^ok " then passed = passed + 1
  elseif line:find "^not ok " then
    failed = failed + 1
    print(line)
  elseif line:find "^#" or not line:find "^1%.%." then print(line) end
end
if passed == 0 then failed = failed + 1 end
print(("%d passed, %d failed"):format(passed, failed))
os.exit(failed == 0)
