import json

from peer import HERE, serve
from spark_session import session

spark = session()
CHECK = json.loads((HERE / "I2" / "check.json").read_text())
SCHEMA = ("id BIGINT, time TIMESTAMP, kind STRING, user STRUCT<id: BIGINT, name: STRING, country: STRING>, price DOUBLE, "
          "quantity INT, ratio DOUBLE, first BOOLEAN, tags ARRAY<STRING>, note STRING")
path = None


def load(data):
    global path
    path = f"{data}/events.json"
    return ["table", "two", "infer"]


def run(case):
    if case == "infer":
        return [[len(spark.read.json(path).schema)]]
    df = spark.read.json(path, schema=SCHEMA)
    if case == "table":
        df = df.cache()
        df.count()
    df.createOrReplaceTempView("t")
    rows = [list(row) for row in spark.sql(CHECK[case]).collect()]
    df.unpersist()
    return rows


serve(load, run)
