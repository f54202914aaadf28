from peer import serve, sql_row
from spark_session import session

info = sql_row()
spark = session()


def load(data):
    for name in info["tables"]:
        df = spark.read.parquet(f"{data}/{name}.parquet")
        if info.get("memory") is not False:
            df = df.cache()
            df.count()
        df.createOrReplaceTempView(name)
    return list(info["cases"])


def run(name):
    case = info["cases"][name]
    if "check" not in case:
        return [list(row) for row in spark.sql(case["sql"]).collect()]
    spark.sql(case.get("spark", case["sql"])).write.format("noop").mode("overwrite").save()


def answer(name):
    case = info["cases"][name]
    if "check" not in case:
        return run(name)
    spark.sql(case.get("spark", case["sql"])).createOrReplaceTempView("result")
    return [list(row) for row in spark.sql(case["check"]).collect()]


serve(load, run, answer)
