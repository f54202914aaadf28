"""Answers of Spark to queries: lines of JSON {"id", "sql"} in, {"id", "rows"} or {"id", "error"} out. A line without an
id is a statement that comes first. With `compiled` as second argument each query becomes bytecode, as it would by
default; without, expressions are interpreted, which says the same in a fraction of the time.

What a query costs beside its rows is kept small: tables are one partition of rows that are there, so next to no plan
has an exchange, hence one job each; and Spark keeps no texts of plans for its pages."""
import json
import re
import sys

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

builder = (SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
           .config("spark.ui.liveUpdate.period", "-1").config("spark.sql.ui.explainMode", "simple")
           .config("spark.sql.maxPlanStringLength", "300").config("spark.sql.autoBroadcastJoinThreshold", "-1")
           .config("spark.sql.shuffle.partitions", "1").config("spark.sql.session.timeZone", "UTC")
           .config("spark.sql.timeType.enabled", "true").config("spark.sql.adaptive.enabled", "false")
           .config("spark.driver.extraJavaOptions", "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"))
if sys.argv[2:] != ["compiled"]:
    builder = (builder.config("spark.sql.codegen.wholeStage", "false")
               .config("spark.sql.codegen.factoryMode", "NO_CODEGEN"))
spark = builder.getOrCreate()
spark.sparkContext.setLogLevel("OFF")


def rows(sql):
    """The rows as lists of texts. A list of rows of one JSON text each reads as JSON itself."""
    df = spark.sql(sql)
    names = [f"c{i}" for i in range(len(df.columns))]
    cells = ", ".join(f"CAST({n} AS STRING)" for n in names)
    found = df.toDF(*names).selectExpr(f"to_json(array({cells}))")._jdf.collectAsList().toString()
    return [row[0] for row in json.loads(found)]


def settle(name):
    """A view as the rows that it has, which are not computed again with each query."""
    df = spark.table(name)._jdf
    rows_of = spark._jsparkSession.createDataFrame(df.collectAsList(), df.schema())
    rows_of.coalesce(1).createOrReplaceTempView(name)


for line in open(sys.argv[1], encoding="utf-8"):
    case = json.loads(line)
    if "id" not in case:
        spark.sql(case["sql"])
        settle(case["sql"].split()[5])
        continue
    try:
        answer = {"id": case["id"], "rows": rows(case["sql"])}
    except PySparkException as e:
        answer = {"id": case["id"], "error": e.getCondition() or str(e)[:200]}
    except Exception as e:  # what py4j hands on
        condition = re.search(r"Exception: \[([A-Z][A-Z0-9_.]+)\]", str(e))
        answer = {"id": case["id"], "error": condition[1] if condition else str(e)[:200]}
    print(json.dumps(answer), flush=True)
