# Writes the files beside it, which spec/io/damage_test.c damages, with pyarrow 26.0.1:  python make.py FOLDER
# The same rows in all of them; the first of each format has about 20 KB.
import datetime as dt, decimal as D, sys

import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.parquet as pq

out = sys.argv[1] + "/"


def rows(n):
    def some(i, k, v):
        return None if (i + k) % 7 == 3 else v

    day = dt.date(2024, 2, 29)
    return {
        "id": pa.array([1000 + i * 3 for i in range(n)], pa.int64()),
        "i": pa.array([some(i, 1, i * i - 100) for i in range(n)], pa.int32()),
        "d": pa.array([some(i, 2, i / 8) for i in range(n)], pa.float64()),
        "word": pa.array([some(i, 3, "word %d" % (i % 5)) for i in range(n)]),
        "text": pa.array([some(i, 4, "a longer text, number %d" % (i * 7919 % 1000)) for i in range(n)]),
        "b": pa.array([some(i, 5, i % 3 == 0) for i in range(n)]),
        "day": pa.array([some(i, 6, day + dt.timedelta(i)) for i in range(n)]),
        "at": pa.array([some(i, 0, i * 1000003) for i in range(n)], pa.timestamp("us", "UTC")),
        "price": pa.array([some(i, 1, D.Decimal(i) / 100) for i in range(n)], pa.decimal128(20, 2)),
        "li": pa.array([some(i, 2, [some(i, j, i + j) for j in range(i % 4)]) for i in range(n)], pa.list_(pa.int32())),
        "m": pa.array([some(i, 3, [("k%d" % j, j * 1.5) for j in range(i % 3)]) for i in range(n)],
                      pa.map_(pa.string(), pa.float64())),
        "st": pa.array([some(i, 4, {"a": some(i, 1, i), "b": [{"c": "x%d" % j} for j in range(i % 3)]}) for i in range(n)],
                       pa.struct([("a", pa.int64()), ("b", pa.list_(pa.struct([("c", pa.string())])))])),
    }


def parquet(name, n, **options):
    pq.write_table(pa.table(rows(n)), out + name, row_group_size=n // 2, write_page_index=True, store_schema=False,
                   bloom_filter_options={"id": {"ndv": n, "fpp": 0.1}}, **options)


mixed = {k: ("zstd" if k == "text" else "snappy") for k in [
    "id", "i", "d", "word", "text", "b", "day", "at", "price", "li.list.element", "m.key_value.key", "m.key_value.value",
    "st.a", "st.b.list.element.c"]}
parquet("sums.parquet", 280, compression=mixed, write_page_checksum=True, max_rows_per_page=70)
parquet("plain.parquet", 100, compression=mixed, data_page_version="2.0", column_encoding={
    "id": "DELTA_BINARY_PACKED", "i": "PLAIN", "d": "BYTE_STREAM_SPLIT", "text": "DELTA_BYTE_ARRAY", "b": "RLE",
    "at": "DELTA_BINARY_PACKED", "price": "PLAIN"}, use_dictionary=["word"])


def arrow(name, n, **options):
    cols = rows(n)
    cols["word"] = cols["word"].dictionary_encode()
    cols["view"] = cols["text"].cast(pa.string_view())
    cols["runs"] = pa.RunEndEncodedArray.from_arrays(pa.array([n // 4, n], pa.int16()), pa.array(["r", None]))
    cols["large"] = cols["li"].cast(pa.large_list(pa.int32()))
    table = pa.table(cols)
    make = ipc.new_file if name.endswith(".arrow") else ipc.new_stream
    with pa.OSFile(out + name, "wb") as s, make(s, table.schema, options=ipc.IpcWriteOptions(**options)) as w:
        w.write_table(table, max_chunksize=n // 2)


arrow("packed.arrow", 150, compression="lz4")
arrow("zstd.arrows", 12, compression="zstd")
arrow("plain.arrows", 12)
