import json

import polars as pl
from peer import HERE, columns, serve, tables

KINDS = {"BIGINT": pl.Int64, "INT": pl.Int32, "STRING": pl.String, "DATE": pl.Date, "DECIMAL(15,2)": pl.Decimal(15, 2),
         "DOUBLE": pl.Float64, "BOOLEAN": pl.Boolean, "TIMESTAMP": pl.Datetime("us")}
c = pl.col
CHECK = {
    "lineitem": [pl.len(), c("l_quantity").sum(), c("l_extendedprice").sum(), c("l_shipdate").min(),
                 c("l_comment").max(), c("l_orderkey").sum(), c("l_shipmode").max()],
    "mixed": [pl.len(), c("i1").sum(), c("d1").sum(), c("s1").min(), c("s2").max(), c("s3").count(), c("t1").max(),
              c("day").min()],
}
kinds, folder = {}, None


def load(data):
    global folder
    folder = data
    kinds["lineitem"] = tables()["lineitem"]
    kinds["mixed"] = columns(json.loads((HERE / "mixed.json").read_text())["mixed"])
    return ["lineitem", "mixed", "lineitem_count"]


def run(case):
    name = case.split("_")[0]
    schema = {column: KINDS[kind] for column, kind in kinds[name]}
    if case.endswith("_count"):
        return pl.scan_csv(f"{folder}/{name}.csv", schema=schema).select(pl.len()).collect(engine="streaming").rows()
    table = pl.scan_csv(f"{folder}/{name}.csv", schema=schema).collect(engine="streaming")
    return [[v.total_seconds() if hasattr(v, "total_seconds") else v for v in row]
            for row in table.select(c_.alias(str(i)) for i, c_ in enumerate(CHECK[name])).rows()]


serve(load, run)
