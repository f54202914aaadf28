import json

import polars as pl
from peer import HERE, columns, serve

KINDS = {"BIGINT": pl.Int64, "INT": pl.Int32, "STRING": pl.String, "DATE": pl.Date, "DECIMAL(15,2)": pl.Decimal(15, 2),
         "DOUBLE": pl.Float64, "BOOLEAN": pl.Boolean, "TIMESTAMP": pl.Datetime("us")}
SCHEMA = {column: KINDS[kind] for column, kind in columns(json.loads((HERE / "mixed.json").read_text())["mixed"])}
c = pl.col
folder = None


def load(data):
    global folder
    folder = data
    return ["three", "table", "parquet_three", "parquet_table"]


def run(case):
    frame = pl.scan_csv(f"{folder}/*.csv", schema=SCHEMA)
    if case.startswith("parquet_"):
        frame, case = pl.scan_parquet(f"{folder}_parquet/*.parquet"), case.removeprefix("parquet_")
    if case == "three":
        return frame.select(pl.len(), c("i1").sum(), c("s5").max(), c("day").max()).collect(engine="streaming").rows()
    table = frame.collect(engine="streaming")
    return table.select(pl.len(), c("i1").sum(), c("d1").sum(), c("s1").min(), c("s2").max(), c("s3").count(),
                        c("t1").max(), c("day").min()).rows()


serve(load, run)
