import polars as pl
from peer import serve

SCHEMA = {"id": pl.Int64, "time": pl.String, "kind": pl.String,
          "user": pl.Struct({"id": pl.Int64, "name": pl.String, "country": pl.String}), "price": pl.Float64,
          "quantity": pl.Int32, "ratio": pl.Float64, "first": pl.Boolean, "tags": pl.List(pl.String), "note": pl.String}
c = pl.col
path = None


def load(data):
    global path
    path = f"{data}/events.json"
    return ["table", "two", "infer"]


def run(case):
    if case == "infer":
        return [[len(pl.scan_ndjson(path, infer_schema_length=None).collect_schema())]]
    frame = pl.scan_ndjson(path, schema=SCHEMA)
    if case == "two":
        return frame.select(c("quantity").sum(), c("kind").max()).collect(engine="streaming").rows()
    frame = frame.with_columns(c("time").str.to_datetime("%Y-%m-%d %H:%M:%S"))
    table = frame.collect(engine="streaming")
    return table.select(pl.len(), c("id").sum(), c("time").max(), c("kind").max(), c("price").sum(),
                        c("quantity").sum().alias("q"), c("ratio").sum(), c("note").max()).rows()


serve(load, run)
