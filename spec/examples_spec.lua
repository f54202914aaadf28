-- Each example prints what its closing comment says; times, bytes and counts of files may differ.
local function read(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end

local function masked(text)
  return (text:gsub("[%d.]+ ms", "_ ms"):gsub("%d+ bytes", "_ bytes"):gsub("scored %d+ files", "scored _ files"))
end

describe("examples", function()
  it("README.md prints what it says", function()
    local script, expected = read "README.md":match "```lua\n(.-)```\n```\n(.-)```"
    local path = os.tmpname()
    local file <close> = assert(io.open(path, "w"))
    file:write(script)
    file:close()
    local pipe <close> = assert(io.popen(("lua5.4 %s 2>&1"):format(path)))
    assert.equal(expected, pipe:read "a")
    os.remove(path)
  end)
  for path in io.popen "ls examples/*.lua":lines() do
    it(path .. " prints what it says", function()
      local expected = read(path):match "\n%-%-%[%[\n(.*)%]%]\n$"
      assert.is_string(expected, "no expected output in a closing comment")
      local pipe <close> = assert(io.popen(("lua5.4 %s 2>&1"):format(path)))
      assert.equal(masked(expected), masked(pipe:read "a"))
    end)
  end
end)
