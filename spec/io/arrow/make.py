# Writes the files beside it with pyarrow 26.0.1 and DuckDB 2.0.1:  python make.py FOLDER
import pyarrow as pa, pyarrow.ipc as ipc, datetime as dt, decimal as D, sys
out = sys.argv[1] + "/"
def write(name, cols, batches=1, **opt):
    t = pa.table(cols) if isinstance(cols, dict) else cols
    o = ipc.IpcWriteOptions(**opt)
    f = ipc.new_file if name.endswith(".arrow") else ipc.new_stream
    with pa.OSFile(out + name, "wb") as s, f(s, t.schema, options=o) as w:
        n = max(1, -(-t.num_rows // batches))
        w.write_table(t, max_chunksize=n)
A = pa.array
nested = pa.list_(pa.dictionary(pa.int8(), pa.string()))
ree = pa.RunEndEncodedArray.from_arrays
class Uuid(pa.ExtensionType):
    def __init__(self): super().__init__(pa.binary(4), "spec.uuid")
    def __arrow_ext_serialize__(self): return b""
    @classmethod
    def __arrow_ext_deserialize__(cls, s, b): return cls()
rows = {
 "uint8": A([0, 255, None], pa.uint8()), "uint16": A([0, 65535, None], pa.uint16()),
 "uint32": A([0, 2**32-1, None], pa.uint32()), "uint64": A([0, 2**64-1, None], pa.uint64()),
 "half": A([1.5, -65504.0, None], pa.float16()),
 "dec32": A([D.Decimal("1.25"), D.Decimal("-9999999.99"), None], pa.decimal32(9, 2)),
 "dec64": A([D.Decimal("1.25"), D.Decimal("-9999999999999999.99"), None], pa.decimal64(18, 2)),
 "dec256": A([D.Decimal("1.25"), D.Decimal("-99999999999999999999999999999999999.99"), None], pa.decimal256(38, 2)),
 "large_binary": A([b"", b"\x00\xff", None], pa.large_binary()),
 "view": A(["short", "longer than twelve bytes", None], pa.string_view()),
 "list_view": A([[1, None], [2, 3, 4], None], pa.list_view(pa.int32())),
 "large_list_view": A([["a"], [], None], pa.large_list_view(pa.string())),
 "fixed_list": A([[1, 2], [3, None], None], pa.list_(pa.int16(), 2)),
 "large_list": A([[True, False], [], None], pa.large_list(pa.bool_())),
 "date64": A([dt.date(1969, 12, 31), dt.date(2024, 2, 29), None], pa.date64()),
 "time32ms": A([dt.time(0, 0, 0, 1000), dt.time(23, 59, 59, 999000), None], pa.time32("ms")),
 "ts_s": A([0, -1, None], pa.timestamp("s", "UTC")), "ts_ms": A([0, -1, None], pa.timestamp("ms", "UTC")),
 "ts_ns": A([1999, -1, None], pa.timestamp("ns", "UTC")),
 "dur_s": A([0, -1, None], pa.duration("s")), "dur_ns": A([1000, -5000, None], pa.duration("ns")),
 "months": A([pa.MonthDayNano([14, -3, 5000]), pa.MonthDayNano([0, 0, -1000]), None], pa.month_day_nano_interval()),
 "dictionary": A(["x", "y", None]).dictionary_encode(),
 "dictionary_of_numbers": pa.DictionaryArray.from_arrays(A([1, 0, None], pa.uint16()), A([10, None], pa.int64())),
 "list_of_dictionary": A([["a", None], ["b", "a"], None], pa.list_(pa.string())).cast(nested),
 "struct_of_dictionary": pa.StructArray.from_arrays([A(["p", None, "q"]).dictionary_encode(), A([1, 2, 3])], ["d", "n"]),
 "runs": ree(A([2, 3], pa.int16()), A(["r", None])),
 "extension": pa.ExtensionArray.from_storage(Uuid(), A([b"abcd", b"efgh", None], pa.binary(4))),
 "nulls": pa.nulls(3),
}
write("types.arrow", rows)
write("types.arrows", rows)
write("types_lz4.arrow", rows, compression="lz4")
write("types_zstd.arrows", rows, compression="zstd")
big = {"i": A(range(5000), pa.int32()), "s": A([None if k % 5 == 0 else "text %d" % k for k in range(5000)]),
       "l": A([list(range(k % 4)) for k in range(5000)], pa.list_(pa.int16()))}
write("rows.arrow", big, batches=3, compression="zstd")

import duckdb
write("duckdb.arrows", duckdb.sql("""select i::hugeint h, i::utinyint ut, i::ubigint ub, ('a'||i)::varchar s,
  i::decimal(18,3) d, i::decimal(5,1) d5, date '2020-01-01'+i::int dt, time '01:02:03' tm,
  timestamp '2020-01-01 00:00:00' ts, timestamptz '2020-01-01 00:00:00+00' tz,
  timestamp_ns '2020-01-01 00:00:00.123456789' tn, interval (i) hours iv, blob 'ab' b, [i,null] l,
  array_value(i,i+1) fa, map([i],['v']) m, {'x':i,'y':'z'} st, uuid() is not null u,
  case when i%2=0 then 'even' else null end::enum('even','odd') e, i%2=0 bo, i::float f, null n
  from range(3) r(i)""").to_arrow_table())

# variant.arrows is PySpark 4.3's:
#   t = spark.sql("""SELECT id, parse_json(j) AS v, array(parse_json(j)) AS l
#     FROM VALUES (1, '{"a":[1,2]}'), (2, '[null, 1.5]'), (3, '"text"') AS t(id, j)""").toArrow()
#   write("variant.arrows", t)
