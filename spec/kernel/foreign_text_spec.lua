-- Documents and ciphers that other libraries work on: what may harm is refused, and the ciphers are those of the
-- standards (FIPS 197, appendix C; McGrew and Viega's test cases of GCM).
local tidemill = require "tidemill"
local spark = tidemill.session { threads = 1 }

local function value(sql, ...) return spark:sql("SELECT " .. sql, ...):collect()[1][1] end
local function condition(sql)
  local ok, e = pcall(value, sql)
  return not ok and e.condition or nil
end

describe("XML", function()
  local nested = '<!DOCTYPE a [<!ENTITY x "lol"><!ENTITY y "&x;&x;&x;">]><a>&y;</a>'
  local external = '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]><a>&e;</a>'

  it("refuses entities made of others", function()
    assert.equal("MALFORMED_XML", condition(("xpath_string('%s', 'a')"):format(nested)))
  end)

  it("does not follow external entities", function()
    assert.equal("", value(("xpath_string('%s', 'a')"):format(external)))
    assert.equal("{NULL}", value(("cast(from_xml('%s', '_VALUE STRING') AS STRING)"):format(external)):upper())
  end)

  it("has a bound on nesting", function()
    for _, depth in ipairs { 900, 1100 } do
      local sql = ("xpath_string(concat(repeat('<a>', %d), 'x', repeat('</a>', %d)), '//a')"):format(depth, depth)
      if depth < 1000 then assert.equal("x", value(sql)) else assert.equal("MALFORMED_XML", condition(sql)) end
    end
  end)

  it("has a bound on nesting of expressions", function()
    assert.equal("1", value("xpath_string('<a>1</a>', concat(repeat('(', 100), 'a', repeat(')', 100)))"))
    assert.equal("INVALID_XPATH",
      condition "xpath_string('<a>1</a>', concat(repeat('(', 5000), 'a', repeat(')', 5000)))")
  end)

  it("says why a document or an expression is none", function()
    assert.equal("MALFORMED_XML", condition "xpath_string('<a><b></a>', 'a')")
    assert.equal("INVALID_XPATH", condition "xpath_string('<a/>', 'a[')")
    assert.equal("INVALID_XPATH", condition "xpath_string('<a/>', 'nope(a)')")
    assert.equal("INVALID_XPATH", condition "xpath('<a/>', '1 + 1')")
  end)
end)

describe("AES", function()
  local plain = "00112233445566778899aabbccddeeff"
  local vectors = { -- key, the block that it makes of `plain`
    { "000102030405060708090a0b0c0d0e0f", "69C4E0D86A7B0430D8CDB78070B4C55A" },
    { "000102030405060708090a0b0c0d0e0f1011121314151617", "DDA97CA4864CDFE06EAF70A0EC0D7191" },
    { "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "8EA2B7CA516745BFEAFC49904B496089" },
  }

  it("is that of FIPS 197", function()
    for _, v in ipairs(vectors) do
      local sql = ("hex(aes_encrypt(unhex('%s'), unhex('%s'), 'ECB'))"):format(plain, v[1])
      assert.equal(v[2], value(sql):sub(1, 32))
      assert.equal(plain:upper(), value(("hex(aes_decrypt(%s, unhex('%s'), 'ECB'))"):format(
        ("aes_encrypt(unhex('%s'), unhex('%s'), 'ECB')"):format(plain, v[1]), v[1])))
    end
  end)

  it("has the tags of GCM", function()
    local zero = "unhex(repeat('00', 16)), 'GCM', 'DEFAULT', unhex(repeat('00', 12))"
    assert.equal(("0"):rep(24) .. "58E2FCCEFA7E3061367F1D57A4E7455A", value("hex(aes_encrypt('', " .. zero .. "))"))
    assert.equal(("0"):rep(24) .. "0388DACE60B6A392F328C2B971B2FE78AB6E47D42CEC13BDF53A67B21257BDDF",
      value("hex(aes_encrypt(unhex(repeat('00', 16)), " .. zero .. "))"))
  end)

  it("takes another vector each time, and reads what it wrote", function()
    local key = "'0123456789abcdef'"
    for _, mode in ipairs { "GCM", "CBC" } do
      local cipher = ("hex(aes_encrypt('tide', %s, '%s'))"):format(key, mode)
      assert.not_equal(value(cipher), value(cipher))
      assert.equal("tide", value(("CAST(aes_decrypt(aes_encrypt('tide', %s, '%s'), %s, '%s') AS STRING)"):format(
        key, mode, key, mode)))
    end
  end)
end)

describe("random values", function()
  it("are the same at any number of threads", function()
    local sql = "SELECT uuid(7) AS u, randstr(6, 7) AS r, shuffle(array(1, 2, 3, 4, 5), 7) AS s FROM range(0, 9000)"
    local answers = {}
    for i, threads in ipairs { 1, 2 } do
      local session <close> = tidemill.session { threads = threads }
      local all = session:sql(("SELECT md5(string(collect_list(struct(u, r, s)))) FROM (%s)"):format(sql))
      answers[i] = all:collect()[1][1]
    end
    assert.equal(answers[1], answers[2])
  end)
end)
