from peer import median_of, serve
from spark_session import session

spark = session()
SIZES = (1, 100, 10000)
QUERY = "SELECT k, count(*) AS n, sum(v) AS s FROM rows_{} WHERE v > {} GROUP BY k ORDER BY k"
LOOK_UP = "SELECT k, v FROM rows_{} WHERE v = {}"


def load(_):
    for n in SIZES:
        rows = [(i % 7, (i * 7919) % 101) for i in range(1, n + 1)]
        df = spark.createDataFrame(rows, "k BIGINT, v BIGINT").cache()
        df.count()
        df.createOrReplaceTempView(f"rows_{n}")
    return [f"{form}_{n}" for n in SIZES for form in ("adhoc", "prepared", "lookup")]


def run(case):
    form, n = case.split("_")
    if form == "adhoc":
        return median_of(lambda turn: spark.sql(QUERY.format(n, f"{turn % 50} + 0 * {turn}")).collect(), 12)
    text = (LOOK_UP if form == "lookup" else QUERY).format(n, ":x")
    return median_of(lambda turn: spark.sql(text, {"x": turn % 50}).collect(), 12)


serve(load, run)
