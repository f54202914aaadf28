-- VARIANT end to end; the answers are Spark 4.3's.
local tidemill = require "tidemill"
local VariantVal = tidemill.types.VariantVal

local function first(session, sql) return session:sql(sql):collect()[1][1] end

describe("VARIANT", function()
  local session = tidemill.session { ["spark.sql.session.timeZone"] = "UTC" }

  it("comes to Lua as a VariantVal", function()
    local v = first(session, [[SELECT parse_json('{"b":1,"a":[2,1.50,null,"x",true]}')]])
    assert.equal('{"a":[2,1.5,null,"x",true],"b":1}', v:toJson())
    local lua = v:toPython()
    assert.equal(2, lua.a[1])
    assert.equal("1.5", tostring(lua.a[2]))
    assert.equal(tidemill.null, lua.a[3])
    assert.is_true(lua.a[5])
    assert.is_nil(first(session, "SELECT CAST(NULL AS VARIANT)"))
    assert.equal("null", first(session, "SELECT parse_json('null')"):toJson())
  end)

  it("takes a time zone for timestamps", function()
    local v = first(session, "SELECT CAST(TIMESTAMP'2024-05-06 07:08:09.5' AS VARIANT)")
    assert.equal('"2024-05-06 07:08:09.5+00:00"', v:toJson())
    assert.equal('"2024-05-06 09:08:09.5+02:00"', v:toJson "Europe/Berlin")
    assert.has_error(function() v:toJson "Nowhere/Nothing" end)
  end)

  it("goes in again, and malformed bytes are an error", function()
    local v = VariantVal.parseJson '{"q":[1,2]}'
    local df = session:createDataFrame({ { v }, { tidemill.null } }, "v variant")
    assert.equal(2, df:selectExpr("v:q[1]::int AS n"):collect()[1].n)
    local bad = session:createDataFrame({ { VariantVal("\255", "") } }, "v variant")
    assert.is_false(bad:selectExpr("is_valid_variant(v)"):collect()[1][1])
    local ok, e = pcall(function() bad:selectExpr("v::string"):collect() end)
    assert.is_false(ok)
    assert.equal("MALFORMED_VARIANT", e.condition)
    assert.has_error(function() VariantVal.parseJson "{" end)
    assert.has_error(function() session:createDataFrame({ { { value = "x" } } }, "v variant") end)
  end)

  it("tells its schema over many rows, spilled or not", function()
    local sql = [[SELECT k, schema_of_variant_agg(v) AS s, count(*) AS n FROM (
      SELECT id % 3 AS k, CASE WHEN id % 3 = 0 THEN parse_json(concat('{"a":', id, '}'))
        WHEN id % 3 = 1 THEN parse_json(concat('[', id, '.5, "x"]')) ELSE parse_json('1.25') END AS v
      FROM range(20000)) GROUP BY k ORDER BY k]]
    for _, options in ipairs { {}, { forceSpill = true }, { threads = 1 } } do
      local rows = tidemill.session(options):sql(sql):collect()
      assert.equal("OBJECT<a: BIGINT>", rows[1].s)
      assert.equal("ARRAY<VARIANT>", rows[2].s)
      assert.equal("DECIMAL(3,2)", rows[3].s)
    end
  end)

  it("keeps no more of its schema than there is to tell", function()
    local small = tidemill.session { threads = 1, memory = "16MB" }
    assert.equal("OBJECT<id: BIGINT, k0: STRING, k1: STRING, k2: STRING>", first(small, [[
      SELECT schema_of_variant_agg(parse_json(concat('{"id":', id, ',"k', id % 3, '":"x"}'))) FROM range(200000)]]))
  end)

  it("is carried through sorts, joins and groups that spill", function()
    local sql = [[SELECT a.id, a.v:n::int AS n, first(b.v)::string AS s
      FROM (SELECT id, parse_json(concat('{"n":', id, ',"pad":"', repeat('x', 50), '"}')) v FROM range(5000)) a
      JOIN (SELECT id, parse_json(concat('"', id, '"')) v FROM range(5000)) b ON a.id = b.id
      GROUP BY a.id, a.v:n::int ORDER BY a.id DESC]]
    for _, options in ipairs { {}, { forceSpill = true } } do
      local rows = tidemill.session(options):sql(sql):collect()
      assert.equal(5000, #rows)
      assert.equal(4999, rows[1].n)
      assert.equal("4999", rows[1].s)
    end
  end)

  it("is shredded Parquet's own type", function()
    local df = session.read:parquet "spec/conformance/io/files/parquet/spark_variant_shredded.parquet"
    assert.equal("variant", df.schema.fields[2].dataType:simpleString())
    assert.equal(190, df:selectExpr("sum(v:a::int)"):collect()[1][1])
    local folder = os.tmpname()
    os.remove(folder)
    df.write:parquet(folder)
    assert.equal("s19", session.read:parquet(folder):filter("v:a::int = 19"):selectExpr("v:b::string"):collect()[1][1])
    os.execute("rm -rf '" .. folder .. "'")
  end)

  it("keeps each row's own dictionary through an edit", function()
    local rows = session:sql([[SELECT CAST(variant_insert(parse_json(j), '$.z', 7) AS STRING) AS edited, j FROM VALUES
      ('{"a":1,"b":{"c":2}}'), ('{"a":1,"b":{"c":2}}'), ('{"c":{"b":[{"a":3}]}}'), ('{}'), ('{"a":1,"b":{"c":2}}'),
      ('{"b":{"z":5},"c":4}') AS t(j)]]):collect()
    assert.equal(6, #rows)
    for _, row in ipairs(rows) do
      assert.equal(row.j == "{}" and '{"z":7}' or row.j:sub(1, -2) .. ',"z":7}', row.edited)
    end
  end)

  -- Each row alone, a group of rows that have one dictionary, and rows of other ones in between give the same.
  it("is read alike whatever rows stand beside it", function()
    local many = {}
    for i = 1, 300 do many[i] = ('"k%03d":%d'):format(i, i) end
    local shapes = {
      '{"a":1,"b":"x","c":[1,2],"d":{"e":3}}', '{"d":{"e":4},"c":["t"],"a":300,"b":null}', '{"d":{"f":1}}', "[1,2,3]",
      '["x",1]', "[]", "{}", "7", '{"a":"' .. ("q"):rep(300) .. '","d":{"e":5}}', "{" .. table.concat(many, ",") .. "}",
      '{"d":[{"e":1}]}', '{"x y":1,"a":1.5}',
    }
    local text = [[hex(concat_ws('|', schema_of_variant(v), CAST(try_variant_get(v, '$.d.e', 'bigint') AS STRING),
      CAST(try_variant_get(v, '$.c[0]', 'string') AS STRING), to_json(try_variant_insert(v, '$.d.z', 1L)),
      to_json(try_variant_set(v, '$.a', 'new')))) AS made]]
    local parts = "SELECT j, concat_ws('|', CAST(pos AS STRING), key, to_json(value)) AS part FROM "
      .. "(SELECT j, parse_json(j) AS v FROM shapes), LATERAL variant_explode_outer(v)"
    local function answers(rows)
      local df = session:createDataFrame(rows, "j string")
      df:createOrReplaceTempView "shapes"
      local made, split = {}, {}
      for _, row in ipairs(df:selectExpr("j", "parse_json(j) AS v"):selectExpr("j", text):collect()) do
        made[#made + 1] = row.j .. row.made
      end
      for _, row in ipairs(session:sql(parts):collect()) do split[#split + 1] = row.j .. row.part end
      return made, split
    end
    local made, split, rows = {}, {}, {}
    for i = 1, 240 do rows[i] = { shapes[(i // 3) * (i % 5 + 1) % #shapes + 1] } end
    for i, shape in ipairs(shapes) do
      made[i], split[i] = answers { { shape } }
      made[shape], split[shape] = made[i][1], split[i]
    end
    local got, got_split = answers(rows)
    local at = 0
    for i, row in ipairs(rows) do
      assert.equal(made[row[1]], got[i])
      for _, part in ipairs(split[row[1]]) do
        at = at + 1
        assert.equal(part, got_split[at])
      end
    end
    assert.equal(at, #got_split)
  end)

  -- Members that are sorted come back as they were: whatever names the rows before had, few or many, in whatever order.
  it("is made with the names of its own row", function()
    local many = {}
    for i = 1, 400 do many[i] = ('"n%03d":%d'):format(i, i) end
    local shapes = {
      '{"a":1,"b":2}', '{"a":1,"c":2}', '{"a":1}', '{"b":{"a":[{"a":1,"b":2},{"a":3}]}}', "{}", "[]", "7",
      "{" .. table.concat(many, ",") .. "}", "{" .. table.concat(many, ",", 200) .. "}", '{"a":1,"b":2,"c":3}',
    }
    local rows = {}
    for i = 1, 700 do rows[i] = { shapes[i * i % 11 % #shapes + 1] } end
    local df = session:createDataFrame(rows, "j string")
    local read = df:selectExpr("j", "parse_json(j) AS v")
      :selectExpr("j", "to_json(v) AS t", "is_valid_variant(v) AS valid"):collect()
    assert.equal(#rows, #read)
    for _, row in ipairs(read) do
      assert.equal(row.j, row.t)
      assert.is_true(row.valid)
    end
  end)
end)
