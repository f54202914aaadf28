"""Answers of Spark to queries: lines of JSON {"id", "sql"} in, {"id", "rows"} or {"id", "error"} out. A line without an
id is a statement that comes first."""
import json
import sys

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

spark = (SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
         .config("spark.sql.shuffle.partitions", "1").config("spark.sql.session.timeZone", "UTC").getOrCreate())
spark.sparkContext.setLogLevel("OFF")


def rows(sql):
    df = spark.sql(sql)
    names = [f"c{i}" for i in range(len(df.columns))]
    df = df.toDF(*names).selectExpr(*[f"CAST({n} AS STRING)" for n in names])
    return [list(r) for r in df.collect()]


with open(sys.argv[2], "w", encoding="utf-8") as out:
    for line in open(sys.argv[1], encoding="utf-8"):
        case = json.loads(line)
        if "id" not in case:
            spark.sql(case["sql"])
            continue
        try:
            answer = {"id": case["id"], "rows": rows(case["sql"])}
        except PySparkException as e:
            answer = {"id": case["id"], "error": e.getCondition() or str(e)[:200]}
        except Exception as e:  # what py4j hands on
            answer = {"id": case["id"], "error": str(e)[:200]}
        out.write(json.dumps(answer) + "\n")
        out.flush()
