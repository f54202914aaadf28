import json

from peer import HERE, serve
from spark_session import session

spark = session()
CHECK = json.loads((HERE / "I3" / "check.json").read_text())
SCHEMA = json.loads((HERE / "mixed.json").read_text())["mixed"]
folder = None


def load(data):
    global folder
    folder = data
    return ["three", "table", "parquet_three", "parquet_table"]


def run(case):
    df = spark.read.csv(folder, schema=SCHEMA, header=True, escape='"', multiLine=True)
    if case.startswith("parquet_"):
        df, case = spark.read.parquet(f"{folder}_parquet"), case.removeprefix("parquet_")
    if case == "table":
        df = df.cache()
        df.count()
    df.createOrReplaceTempView("t")
    rows = [list(row) for row in spark.sql(CHECK[case]).collect()]
    df.unpersist()
    return rows


serve(load, run)
