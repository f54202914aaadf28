from peer import median_of, serve
from spark_session import session

spark = session()
SIZES = {"rows_1": 1, "rows_100": 100, "rows_10000": 10000}
QUERY = "SELECT k, count(*) AS n, sum(v) AS s FROM {} WHERE v > 10 GROUP BY k ORDER BY k"


def load(_):
    for name, n in SIZES.items():
        rows = [(i % 7, (i * 7919) % 101) for i in range(1, n + 1)]
        df = spark.createDataFrame(rows, "k BIGINT, v BIGINT").cache()
        df.count()
        df.createOrReplaceTempView(name)
    return list(SIZES)


serve(load, lambda case: median_of(lambda: spark.sql(QUERY.format(case)).collect(), 12))
