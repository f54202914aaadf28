"""Read the Parquet files below a folder with one of the other readers, and print their rows.

python3 peers.py READER FOLDER: a line a row, values joined by "|", in the order of column `id`. READER is pyarrow,
duckdb, polars or spark; without it installed the only line is "missing". Used by peers_spec.lua."""

import glob
import sys


def rows_of(reader, files):
    if reader == "pyarrow":
        import pyarrow as pa
        import pyarrow.parquet as pq

        read = [pq.ParquetFile(f, page_checksum_verification=True).read() for f in files]
        for t in read:
            t.validate(full=True)
        return pa.concat_tables(read).to_pylist()
    if reader == "duckdb":
        import duckdb

        c = duckdb.connect()
        c.execute("SET TimeZone = 'UTC'")
        c.execute(f"SELECT * FROM read_parquet({files!r}, hive_partitioning = false)")
        names = [d[0] for d in c.description]
        return [dict(zip(names, r)) for r in c.fetchall()]
    if reader == "polars":
        import polars

        return polars.concat([polars.read_parquet(f, hive_partitioning=False) for f in files]).to_dicts()
    from pyspark.sql import SparkSession

    spark = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .getOrCreate()
    )
    return [r.asDict(recursive=True) for r in spark.read.parquet(*files).collect()]


def text(v):
    if v is None:
        return "NULL"
    if isinstance(v, bool):
        return "true" if v else "false"
    if isinstance(v, (bytes, bytearray)):
        return v.hex()
    if isinstance(v, dict):
        return "{" + ", ".join(text(x) for x in v.values()) + "}"
    if isinstance(v, (list, tuple)):
        return "[" + ", ".join(text(x) for x in v) + "]"
    if isinstance(v, float):
        return repr(v)
    if hasattr(v, "isoformat"):
        return v.isoformat().replace("T", " ").replace("+00:00", "")
    return str(v)


try:
    found = rows_of(sys.argv[1], sorted(glob.glob(sys.argv[2] + "/**/*.parquet", recursive=True)))
except ImportError:
    print("missing")
    sys.exit()
for row in sorted(found, key=lambda r: r["id"]):
    print("|".join(text(v) for v in row.values()))
