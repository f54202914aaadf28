-- Reading files: schemas, counts and rows as Spark 4.3 gives them for the same files and options.
local tidemill = require "tidemill"

describe("spark.read", function()
  local spark = tidemill.session {}

  local function read(name, options)
    local reader = spark.read
    for k, v in pairs(options) do reader = reader:option(k, v) end
    return reader:csv("examples/data/" .. name .. ".csv")
  end

  it("infers the types of a messy CSV", function()
    local df = read("penguins_raw", { header = true, inferSchema = true, nullValue = "NA" })
    assert.equal(344, df:count())
    assert.equal("struct<studyName:string,Sample Number:int,Species:string,Region:string,Island:string,Stage:string,"
      .. "Individual ID:string,Clutch Completion:string,Date Egg:date,Culmen Length (mm):double,"
      .. "Culmen Depth (mm):double,Flipper Length (mm):int,Body Mass (g):int,Sex:string,"
      .. "Delta 15 N (o/oo):double,Delta 13 C (o/oo):double,Comments:string>", df.schema:simpleString())
  end)

  it("keeps what is no number as text", function()
    assert.equal("string", read("penguins_raw", { header = true, inferSchema = true }).schema["Body Mass (g)"].dataType
      :simpleString())
    assert.equal("struct<date:string,precipitation:double,temp_max:double,temp_min:double,wind:double,weather:string>",
      read("seattle_weather", { header = true, inferSchema = true }).schema:simpleString())
    assert.equal("struct<_c0:string,_c1:string,_c2:string>",
      read("islands", { header = false, inferSchema = true }).schema:simpleString())
  end)

  it("feeds SQL", function()
    read("penguins_raw", { header = true, inferSchema = true, nullValue = "NA" }):createOrReplaceTempView "penguins"
    local rows = spark:sql([[SELECT Species, count(*) AS n, avg(`Body Mass (g)`) AS mass FROM penguins
      GROUP BY Species ORDER BY n DESC]]):collect()
    assert.same({ 152, 124, 68 }, { rows[1].n, rows[2].n, rows[3].n })
    assert.equal(3700.662251655629, rows[1].mass)
    assert.equal(5076.016260162602, rows[2].mass)
  end)

  it("says what is wrong with a path", function()
    local ok, err = pcall(function() return spark.read:csv("examples/data/nowhere.csv"):count() end)
    assert.is_false(ok)
    assert.equal("PATH_NOT_FOUND", err.condition)
  end)
end)
