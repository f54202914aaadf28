-- Batches of large values are computed a few rows at a time: the same as rows that come in small batches.
local tidemill = require "tidemill"

-- Of a text t of some 20 KB, now and then NULL, a list l of some thousand elements, and a number n.
local EXPRESSIONS = {
  "length(t)", "md5(t)", "sha2(t, 256)", "crc32(t)", "xxhash64(t, l)", "hash(l, n)", "instr(t, '77')",
  "locate('5', t, 100)", "t LIKE '%9%9'", "t RLIKE '(12)+3'", "regexp_count(t, '[0-3]')",
  "regexp_extract(t, '(7.)8', 1)", "regexp_instr(t, '99')", "substring(t, 5, 9)", "left(t, 3)",
  "split_part(t, ' ', 3)", "upper(right(t, 40))", "ascii(t)", "levenshtein(left(t, 40), t)", "t = reverse(t)",
  "t < 'text 2'", "concat(t, n)", "replace(t, '1', '')", "nullif(t, left(t, 1))", "size(l)",
  "array_contains(l, n)", "array_position(l, n)", "array_max(l)", "array_min(l)", "element_at(l, -1)", "l[7]",
  "try_element_at(l, CAST(n + 1 AS INT))", "array_join(l, ',')", "arrays_overlap(l, array(n))",
  "l = array_sort(l)", "sort_array(l)", "array_distinct(l)", "split(t, ' ')",
  "aggregate(l, 0L, (a, x) -> a + x)", "get_json_object(concat('[', array_join(l, ','), ']'), '$[3]')",
  "coalesce(substring(t, 30000, 1), t)", "try_to_number(left(t, 1), '9')", "bit_length(CAST(t AS BINARY))",
  "CASE WHEN n % 3 = 0 THEN length(t) WHEN n % 3 = 1 THEN crc32(t) END", "rand(7) < 2 AND t > ''",
  "(t, l) IN ((t, l))", "named_struct('a', t).a",
  "from_json(concat('{\"a\":', n, ',\"b\":\"', t, '\"}'), 'a INT, b STRING')", "TRY_CAST(t AS INT)",
}

local ROWS = [[SELECT id AS n, IF(id %% 7 = 3, NULL, repeat(concat(id %% 101, ' text '), 2500)) AS t,
  IF(id %% 11 = 5, NULL, sequence(id %% 5, 1200 + id %% 3)) AS l FROM range(%d, %d)]]

describe("Large values", function()
  local spark
  setup(function()
    tidemill.session {}:stop() -- another's would be used again
    spark = tidemill.session { threads = 1, memory = "1GB" }
  end)
  teardown(function() spark:stop() end)

  local function answers(expression, from, to, out)
    local rows = spark:sql(("SELECT to_json(struct(%s AS v)) FROM (%s)"):format(expression, ROWS:format(from, to)))
    for _, row in ipairs(rows:collect()) do out[#out + 1] = row[1] end
    return out
  end

  it("give what they give in small batches", function()
    for _, expression in ipairs(EXPRESSIONS) do
      local few = {}
      for from = 0, 250, 50 do answers(expression, from, from + 50, few) end
      local all = answers(expression, 0, 300, {})
      for i = 1, 300 do
        if few[i] ~= all[i] then
          error(("%s of row %d: %s, not %s"):format(expression, i, all[i]:sub(1, 200), few[i]:sub(1, 200)))
        end
      end
    end
  end)
end)
