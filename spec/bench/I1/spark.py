import json

from peer import HERE, serve
from spark_session import session

spark = session()
CHECK = json.loads((HERE / "I1" / "check.json").read_text())
schemas, folder = {}, None


def load(data):
    global folder
    folder = data
    schemas["lineitem"] = json.loads((HERE / "tpch.json").read_text())["lineitem"]
    schemas["mixed"] = json.loads((HERE / "mixed.json").read_text())["mixed"]
    return ["lineitem", "mixed", "lineitem_count"]


def run(case):
    name = case.split("_")[0]
    df = spark.read.csv(f"{folder}/{name}.csv", schema=schemas[name], header=True, escape='"',
                        multiLine=name == "mixed")
    if case.endswith("_count"):
        return [[df.count()]]
    df = df.cache()
    df.count()
    df.createOrReplaceTempView("t")
    rows = [list(row) for row in spark.sql(CHECK[name]).collect()]
    df.unpersist()
    return rows


serve(load, run)
