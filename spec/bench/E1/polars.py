import json
import tempfile

import polars as pl
from peer import HERE, serve

CHECK = json.loads((HERE / "E1" / "check.json").read_text())
CATEGORIES = ["books", "food", "garden", "music", "office", "sport", "tools", "toys"]
ORDERS = {"order_id": pl.Int64, "line": pl.Int32, "customer": pl.String, "product": pl.Int32, "quantity": pl.Int32,
          "price": pl.Float64, "day": pl.String, "status": pl.String, "note": pl.String}
c = pl.col
target = tempfile.TemporaryDirectory()
folder = None


def facts():
    status = c("status").str.strip_chars(" ").str.to_lowercase()
    clean = (pl.scan_csv(f"{folder}/orders.csv", schema=ORDERS).filter((c("price") > 0) & (status != "cancelled"))
             .select("order_id", "line", c("customer").str.strip_chars(" ").str.to_uppercase(), "product",
                     c("quantity").fill_null(1), "price", c("day").str.to_date("%d/%m/%Y"), status)
             .unique(["order_id", "line"], keep="any"))
    customers = pl.scan_csv(f"{folder}/customers.csv", schema={"id": pl.String, "country": pl.String, "segment": pl.String})
    products = pl.scan_csv(f"{folder}/products.csv", schema={"id": pl.Int32, "category": pl.String, "cost": pl.Float64})
    return (clean.join(customers, left_on="customer", right_on="id", how="left")
            .join(products, left_on="product", right_on="id")
            .with_columns((c("quantity") * c("price")).alias("amount"),
                          (c("quantity") * (c("price") - c("cost"))).alias("margin")))


def pivot(rows):
    return rows.group_by(c("day").dt.truncate("1mo").alias("month"), "country").agg(
        c("amount").filter(c("category") == name).sum().alias(name) for name in CATEGORIES)


def load(data):
    global folder
    folder = data
    return ["facts", "pivot"]


def run(case):
    rows = facts() if case == "facts" else pivot(facts())
    rows.sink_parquet(f"{target.name}/{case}.parquet", compression="zstd", engine="streaming")


def answer(case):
    run(case)
    with pl.SQLContext(t=pl.scan_parquet(f"{target.name}/{case}.parquet"), eager=True) as sql:
        return sql.execute(CHECK[case]).rows()


serve(load, run, answer)
