-- The table that `make bench-report` puts into README.md, from figures made up here.
local readme = dofile "spec/bench/readme.lua"

local function row(id, cases, names, head)
  return { row = id, text = "work of " .. id, names = names or { "tidemill", "duckdb", "polars" }, cases = cases,
    head = head or "a machine; 5 runs" }
end

local function times(...)
  local cell = {}
  for i, name in ipairs { "tidemill", "duckdb", "polars", "spark" } do
    local ns = select(i, ...)
    if ns then cell[name] = type(ns) == "number" and { ns = ns } or { error = ns } end
  end
  return cell
end

describe("the benchmark's part of README", function()
  it("has a line a row with sums, the mean and the worst case", function()
    local text = readme.text {
      row("T10", { start = times(4e6, 8e6, 16e6) }),
      row("T2", { q1 = times(2e9, 1e9, 4e9), q2 = times(1e9, 2e9, 5e9) }),
    }
    assert.equal(table.concat({
      "| row | workload | Tidemill | DuckDB | Polars | ours / best peer, geometric mean | worst case |",
      "|---|---|---|---|---|---|---|",
      "| T2 | work of T2 | 3 s | 3 s | 9 s | 1.00 | q1 2.00 |",
      "| T10 | work of T10 | 4 ms | 8 ms | 16 ms | 0.50 | start 0.50 |",
      "",
      "Measured on a machine; 5 runs (T2, T10).",
      "",
    }, "\n"), text)
  end)

  it("says what failed, what was not measured and what comes from another run", function()
    local text = readme.text {
      row("I1", { a = times(1e3, "out of memory"), b = times(2e3, 4e3) }, { "tidemill", "duckdb" }),
      row("K2", { a = times(500) }, { "tidemill", "spark" }, "another machine"),
    }
    assert.truthy(text:find("| I1 | work of I1 | 3 us | 4 us, 1 failed | - | 0.50 | b 0.50 |", 1, true))
    assert.truthy(text:find("| K2 | work of K2 | 500 ns | - | failed | - | - |", 1, true))
    assert.truthy(text:find("Measured on a machine; 5 runs (I1).\nMeasured on another machine (K2).\n", 1, true))
  end)

  it("replaces what is between the markers and nothing else", function()
    local before, after = "# Title\n\ntext\n" .. readme.BEGIN .. "\n", readme.END .. "\n\nmore %1 text\n"
    local once = assert(readme.replace(before .. "old\n" .. after, "new %0\n"))
    assert.equal(before .. "new %0\n" .. after, once)
    assert.equal(once, readme.replace(once, "new %0\n"))
    local nothing, why = readme.replace("no markers", "new")
    assert.is_nil(nothing)
    assert.truthy(why:find("markers", 1, true))
  end)

  it("finds its place in README.md", function()
    local f = assert(io.open "README.md")
    assert.truthy(readme.replace(f:read "a", "x\n"))
    f:close()
  end)
end)

describe("row K1", function()
  local json = require "cjson"
  local function read(path)
    local f = assert(io.open(path))
    local text = f:read "a"
    f:close()
    return text
  end
  local info = json.decode(read "spec/bench/K1/row.json")

  it("has a case, or a reason against one, for every family of the catalogue", function()
    local measured, missing = {}, {}
    for _, case in ipairs(info.cases) do measured[case.name:match "^[^.]+"] = true end
    for family in read("csrc/kernel/family.def"):gmatch "\nMILL_FAMILY%(([%w_]+)%)" do
      if (measured[family] or false) == (info.without[family] ~= nil) then missing[#missing + 1] = family end
      measured[family] = nil
    end
    assert.same({}, missing)
    assert.is_nil(next(measured), "a case of no family")
  end)

  it("has a loop in C beside every case", function()
    local loops, cases = {}, {}
    for _, file in ipairs { "number", "time", "text", "pattern", "parse", "variant", "nested", "aggregate" } do
      for name in read("spec/bench/K1/" .. file .. ".c"):gmatch '{"([%w_]+%.[%w_]+)"' do loops[#loops + 1] = name end
    end
    for i, case in ipairs(info.cases) do cases[i] = case.name end
    table.sort(loops)
    table.sort(cases)
    assert.same(cases, loops)
  end)
end)
