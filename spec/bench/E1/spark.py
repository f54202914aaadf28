import json
import tempfile

from peer import HERE, serve
from pyspark.sql import functions as F
from spark_session import session

spark = session()
CHECK = json.loads((HERE / "E1" / "check.json").read_text())
CATEGORIES = ["books", "food", "garden", "music", "office", "sport", "tools", "toys"]
target = tempfile.TemporaryDirectory()
folder = None


def read(name, schema):
    return spark.read.csv(f"{folder}/{name}.csv", schema=schema, header=True, escape='"')


def facts():
    orders = read("orders", "order_id BIGINT, line INT, customer STRING, product INT, quantity INT, price DOUBLE, day STRING, "
                  "status STRING, note STRING")
    clean = (orders.filter("price > 0 AND lower(trim(status)) <> 'cancelled'")
             .selectExpr("order_id", "line", "upper(trim(customer)) AS customer", "product", "coalesce(quantity, 1) AS quantity",
                         "price", "to_date(day, 'dd/MM/yyyy') AS day", "lower(trim(status)) AS status")
             .dropDuplicates(["order_id", "line"]))
    customers = read("customers", "id STRING, country STRING, segment STRING")
    products = read("products", "id INT, category STRING, cost DOUBLE")
    return (clean.join(customers, clean.customer == customers.id, "left").drop(customers.id)
            .join(products, clean["product"] == products.id).drop(products.id)
            .withColumn("amount", F.expr("quantity * price")).withColumn("margin", F.expr("quantity * (price - cost)")))


def pivot(rows):
    return rows.groupBy(F.expr("trunc(day, 'MM') AS month"), "country").pivot("category", CATEGORIES).agg(F.sum("amount"))


def load(data):
    global folder
    folder = data
    return ["facts", "pivot"]


def run(case):
    rows = facts() if case == "facts" else pivot(facts())
    rows.write.mode("overwrite").option("compression", "zstd").parquet(f"{target.name}/{case}")


def answer(case):
    run(case)
    spark.read.parquet(f"{target.name}/{case}").createOrReplaceTempView("t")
    return [list(row) for row in spark.sql(CHECK[case]).collect()]


serve(load, run, answer)
